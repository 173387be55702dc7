import NimmerSystem
import NimmerWave

/// Grants of a cell or nerve: its own subjects, the devices that its settings name, and for a nerve the cells that its
/// settings name.
extension Grant {
    init(_ organism: Organism, of system: SystemFile, in env: Environment) throws(SystemError) {
        let isNerve = organism.role == .nerve
        self.init(organism.name, isNerve ? .nerve : .cell)
        let own = "\(env.rawValue).nervous.\(isNerve ? "nerves" : "cells").\(name)"
        guard let token = try? Token(name) else { preconditionFailure("a system file has only tokens for names") }
        let gate = GateID(ownedBy: token, isNerve ? .nerve : .cell)
        publish += [
            "\(own).wave", "\(env.rawValue).nervous.cells.\(name).response",
            "\(Subject.transition(env, gate: gate)).\(name)",
            "\(env.rawValue).nervous.rejects.\(name)", "\(own).handover", "\(own).change",
        ]
        publish.append(Subject.artifact(env, from: token).text)
        if isNerve {
            publish.append("\(own).state")
        } else {
            // What it has learned, which the thalamus hands back.
            publish.append(Subject.learned(env, cell: token).text)
            asks("\(env.rawValue).nervous.cells.thalamus.request", of: "thalamus")
        }
        // The outcomes that feed it, where it has a budget.
        for region in system.foodRegions(of: organism) {
            subscribe.append(Subject.acceptedOutcome(env, gate: GateID(region: region)).text)
        }
        if isNerve { subscribe += organism.verifies.map { Subject.transition(env, gate: GateID(region: $0)).text } }
        // Outcomes of exactly the gates that the file names.
        publish += organism.verifies.map { "\(Subject.feedback(env, gate: GateID(region: $0))).\(name)" }
        serves("\(env.rawValue).nervous.cells.\(name).request")
        subscribe.append("\(own).handover")
        isService()
        let named = Set(organism.settings.flatMap { $0.value.texts })
        for other in system.cells + system.nerves where isNerve && other.name != name && named.contains(other.name) {
            subscribe.append("\(env.rawValue).nervous.*.\(other.name).wave")
            queueDenied.append("\(env.rawValue).nervous.*.\(other.name).wave")
            asks("\(env.rawValue).nervous.cells.\(other.name).request", of: other.name)
        }
        for organ in system.organs where named.contains(organ.name) {
            for verb in ["ask", "embed", "state"] {
                asks("\(env.rawValue).organs.\(organ.name).\(verb)", of: organ.name)
            }
        }
        for entry in organism.settings where DeviceSubjects.heardKeys.contains(entry.key) {
            subscribe += try Self.devices(entry.value, file: system.file)
        }
        for entry in organism.settings where entry.key == "publish" {
            publish += try Self.devices(entry.value, file: system.file)
        }
        subscribe += try Self.devices(organism.subscribes, of: organism, file: system.file)
        publish += try Self.devices(organism.publishes, of: organism, file: system.file)
        publish = publish.uniqued
        subscribe = subscribe.uniqued
    }

    /// Answers the NATS services protocol and whatever it is asked.
    ///
    /// - Parameter inboxes: those into which it answers; all but for one that hears what others are asked.
    mutating func isService(answeringInto inboxes: [String] = ["_INBOX.>"]) {
        for verb in ["PING", "INFO", "STATS"] {
            subscribe += ["$SRV.\(verb)", "$SRV.\(verb).\(name)", "$SRV.\(verb).\(name).*"]
        }
        answers(into: inboxes)
    }

    /// The subjects of devices that a setting names; one of the system or of the server is refused, so that no setting can
    /// make a cell speak for another, let alone for the bridge.
    private static func devices(_ node: YAMLNode, file: String) throws(SystemError) -> [String] {
        var patterns: [String] = []
        for text in node.scalars { patterns.append(try subject(text.text ?? "", at: text.mark, file: file)) }
        return patterns
    }

    private static func devices(_ patterns: [String], of organism: Organism, file: String) throws(SystemError)
        -> [String]
    {
        try patterns.map { text throws(SystemError) in try subject(text, at: organism.mark, file: file) }
    }

    /// The subject, or pattern, that a text means: one of NATS as it is, or that of an MQTT topic.
    private static func subject(_ text: String, at mark: YAMLMark, file: String) throws(SystemError) -> String {
        let pattern: String
        do throws(Refusal) { pattern = try SubjectPattern(given: text).text } catch {
            throw SystemError(
                .invalid, file: file, mark: mark, found: "'\(text)'",
                expected: "a device's subject, or its MQTT topic (\(error))")
        }
        let first = pattern.prefix { $0 != "." }
        let isOwn = Environment(rawValue: String(first)) != nil || ["*", ">"].contains(first)
        let isPlain = pattern.unicodeScalars.allSatisfy {
            $0.properties.isAlphabetic || $0.properties.numericType != nil
                || "-_.*>/:=+@#~%&!,;".unicodeScalars.contains($0)
        }
        guard isPlain, !isOwn, !first.hasPrefix("_") else {
            throw SystemError(
                .invalid, file: file, mark: mark, found: "'\(pattern)'",
                expected:
                    "a device's subject of letters, digits and -_/:=+@#~%&!,; whose first token is a name of its own: "
                    + "not dev, staging or prod, nothing that begins with $ or _, and no wildcard")
        }
        return pattern
    }
}

extension YAMLNode {
    /// Every scalar in it.
    fileprivate var scalars: [YAMLNode] {
        if let entries { return entries.flatMap { $0.value.scalars } }
        if let elements { return elements.flatMap(\.scalars) }
        return isNull ? [] : [self]
    }

    /// The texts of every scalar in it.
    var texts: [String] { scalars.compactMap(\.text) }
}

extension [String] {
    /// Each once, in order.
    var uniqued: [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
