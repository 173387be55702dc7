import NimmerSystem
import NimmerWave

extension BridgeSettings.Allowed {
    /// An entry of `bridge.allow`: `motor`, `motor.stop`, or a mapping that also declares what the payload may hold:
    /// `{target: motor, command: turn, payload: {angle: {type: number, minimum: -90, maximum: 90}}}`.
    init(_ node: YAMLNode, file: String) throws(SystemError) {
        if let text = node.text {
            let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let command = parts.count == 2 ? parts[1] : nil
            guard Token.isValid(parts[0]), command.map(Self.isCommand) ?? true else {
                throw SystemError(
                    .invalid, file: file, mark: node.mark, found: node.found,
                    expected: "a cell or nerve and a command, such as motor.stop")
            }
            self.init(target: parts[0], command: command, mark: node.mark)
            return
        }
        var keys = try MappingReader(node, place: "an allowed command", file: file)
        let target = try keys.required("target", try keys.text("target"))
        let command = try keys.required("command", try keys.text("command"))
        guard Token.isValid(target), Self.isCommand(command) else {
            throw SystemError(
                .invalid, file: file, mark: node.mark, found: "'\(target).\(command)'",
                expected: "a cell or nerve and a command, such as motor and stop")
        }
        var fields: [Field]?
        if let payload = keys.node("payload") {
            fields = []
            for entry in try keys.entries("payload") { fields?.append(try Self.field(entry, file: file)) }
            if payload.entries?.isEmpty == true { fields = [] }
        }
        try keys.finish()
        self.init(target: target, command: command, payload: fields, mark: node.mark)
    }

    private static func isCommand(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 128
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !"*\"\\".utf8.contains($0) }
    }

    private enum ValueType: String, CaseIterable { case number, integer, text, boolean, choice, numbers, texts }

    /// One field of a payload: `angle: {type: number, minimum: -90, maximum: 90, optional: true, help: …}`.
    private static func field(_ entry: YAMLNode.Entry, file: String) throws(SystemError) -> Field {
        var keys = try MappingReader(entry.value, place: "a payload's field", file: file)
        let type = try keys.required("type", try keys.choice("type", of: ValueType.self))
        let low = try keys.number("minimum", in: -1e15...1e15)
        let high = try keys.number("maximum", in: -1e15...1e15)
        let words = try keys.texts("of") ?? []
        let most = try keys.integer("max", in: 1...4096)
        let isOptional = try keys.boolean("optional") ?? false
        let help = try keys.text("help") ?? ""
        try keys.finish()
        let bounds = (low ?? -.infinity, high ?? .infinity)
        guard bounds.0 <= bounds.1 else {
            throw SystemError(
                .invalid, file: file, mark: entry.mark, found: "a minimum above the maximum",
                expected: "minimum: at most maximum")
        }
        if type == .choice, words.isEmpty {
            throw SystemError(
                .missing, file: file, mark: entry.mark, found: "a choice without 'of'",
                expected: "of: the words to choose from")
        }
        // A number with a fraction holds every whole one up to here.
        let least = Int(saturating: max(bounds.0, -1e15))
        let greatest = max(least, Int(saturating: min(bounds.1, 1e15)))
        let kind: FieldKind =
            switch type {
            case .number: .number(bounds.0...bounds.1)
            case .integer: .whole(least...greatest)
            case .text: .text(most ?? 256)
            case .boolean: .truth
            case .choice: .word(words)
            case .numbers: .list(.number(bounds.0...bounds.1), most ?? 64)
            case .texts: .list(.text(256), most ?? 64)
            }
        return isOptional ? .optional(entry.key, kind, help) : .required(entry.key, kind, help)
    }
}
