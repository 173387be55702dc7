import NimmerWave

/// A motion that a motor may perform on a command.
public enum Motion: Sendable, Hashable {
    /// Run a program: its path and arguments, without a shell. An argument `{name}` is replaced by the payload's value.
    case run([String])
    /// Publish to a subject; the payload of the command is what is sent.
    case publish(Subject)
}

/// Configuration of a motor; everything else is refused.
public struct MotorSettings: Sendable {
    /// Motions, by the name of the command.
    public var motions: [String: Motion]
    /// Timeout of a motion when the command does not name one, in milliseconds.
    public var timeout: Double
    /// Maximum number of motions at once; 1 unless configured.
    public var parallel: Int

    /// Settings with at least one motion, a timeout above 0 and 1 to 16 motions at once.
    public init(motions: [String: Motion], timeout: Double = 5000, parallel: Int = 1) throws(Refusal) {
        guard !motions.isEmpty else {
            throw Refusal(.missing, field: "commands", "commands must name at least one command that the motor may do")
        }
        guard motions["stop"] == nil || motions["stop"]?.isPublish == true else {
            throw Refusal(.value, field: "commands.stop", "stop ends what runs; it may publish but not run a program")
        }
        guard timeout > 0, timeout <= 86_400_000 else {
            throw Refusal(
                .value, field: "timeout_ms", "timeout_ms must be between 1 and 86400000", found: "\(timeout)")
        }
        guard (1...16).contains(parallel) else {
            throw Refusal(.value, field: "parallel", "parallel must be between 1 and 16", found: "\(parallel)")
        }
        for (name, motion) in motions {
            guard case .run(let arguments) = motion else { continue }
            guard let program = arguments.first, program.hasPrefix("/") else {
                throw Refusal(
                    .value, field: "commands.\(name).run",
                    "commands.\(name).run must start with the full path of a program",
                    found: "'\(arguments.first ?? "")'")
            }
        }
        self.motions = motions
        self.timeout = timeout
        self.parallel = parallel
    }
}

extension Motion {
    var isPublish: Bool { if case .publish = self { true } else { false } }

    /// The arguments with each `{name}` replaced by the payload's value: a number, a truth value, or a text without
    /// control characters that does not begin with `-` (so that a value never becomes an option). A number below 0 begins with one,
    /// too: it is given only behind an argument that begins with `-`, which is the option that it is the value of, or `--`.
    static func filled(_ arguments: [String], with payload: JSON) throws(Refusal) -> [String] {
        var filled: [String] = []
        for (index, argument) in arguments.enumerated() {
            guard argument.hasPrefix("{"), argument.hasSuffix("}"), argument.count > 2 else {
                filled.append(argument)
                continue
            }
            let name = String(argument.dropFirst().dropLast())
            guard let value = payload[name] else {
                throw Refusal(.missing, field: "payload.\(name)", "payload.\(name) is missing")
            }
            if let number = value.double {
                guard number.isFinite else {
                    throw Refusal(.value, field: "payload.\(name)", "payload.\(name) must be finite")
                }
                let text = JSON.number(number).text
                guard !text.hasPrefix("-") || index > 0 && arguments[index - 1].hasPrefix("-") else {
                    throw Refusal(
                        .value, field: "payload.\(name)",
                        "payload.\(name) would be an option of \(arguments[0]): a number below 0 is given only behind '--' "
                            + "or the option that it is the value of", found: text)
                }
                filled.append(text)
            } else if let truth = value.bool {
                filled.append(truth ? "true" : "false")
            } else if let text = value.string, !text.isEmpty, text.utf8.count <= 256, !text.hasPrefix("-"),
                text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value) })
            {
                filled.append(text)
            } else {
                throw Refusal(
                    .value, field: "payload.\(name)",
                    "payload.\(name) must be a number, true, false, or a text of 1 to 256 bytes that does not begin with '-'",
                    found: String(value.text.prefix(80)))
            }
        }
        return filled
    }
}
