import NimmerSystem
import NimmerWave

/// Each cell that a nerve hears or asks is in the file.
package struct LinkCheck: SystemCheck {
    package init() {}

    package func findings(in checked: CheckedSystem) -> [CheckFinding] {
        let names = checked.organisms.map(\.name)
        return checked.organisms.flatMap { organism -> [CheckFinding] in
            guard case .manifest(let manifest) = checked.manifests[organism.name] else { return [] }
            let wanted = manifest.hears.map { ($0, "hears") } + manifest.asks.map { ($0, "asks") }
            return wanted.filter { !names.contains($0.0) }.map { name, verb in
                // The setting that names it; a default stands in no line.
                let entry = organism.settings.first { $0.value.text == name }
                let mark =
                    entry?.value.mark
                    ?? organism.settings.lazy.compactMap { entry in
                        entry.value.elements?.first { $0.text == name }?.mark
                    }.first
                return CheckFinding(
                    weight: .problem, check: "links", mark: mark ?? organism.mark,
                    text:
                        "found '\(name)'\(CheckedSystem.meant(name, among: names)), which \(organism.name) \(verb); expected "
                        + "a cell or nerve of this file")
            }
        }
    }
}

/// Each command that a decision or a reflex may send is one that its target answers.
package struct CommandCheck: SystemCheck {
    package init() {}

    package func findings(in checked: CheckedSystem) -> [CheckFinding] {
        let allowed = checked.system.bridge.allow
        var findings = allowed.compactMap { Self.finding(target: $0.target, command: $0.command, $0.mark, checked) }
        for reflex in checked.system.bridge.events.compactMap(\.reflex) {
            for (command, mark) in zip(reflex.commands, reflex.marks) {
                if let finding = Self.finding(target: command.target, command: command.command, mark, checked) {
                    findings.append(finding)
                } else if !allowed.contains(where: {
                    $0.target == command.target && ($0.command == nil || $0.command == command.command)
                }) {
                    findings.append(
                        CheckFinding(
                            weight: .problem, check: "commands", mark: mark,
                            text:
                                "found the reflex '\(command.target).\(command.command)', which bridge.allow does not list; "
                                + "expected one that it lists",
                            remedy: "allow: [\(command.target).\(command.command)]"))
                }
            }
        }
        return findings
    }

    private static func finding(
        target: String, command: String?, _ mark: YAMLMark, _ checked: CheckedSystem
    ) -> CheckFinding? {
        let names = checked.organisms.map(\.name)
        guard names.contains(target) else {
            return CheckFinding(
                weight: .problem, check: "commands", mark: mark,
                text:
                    "found '\(target)'\(CheckedSystem.meant(target, among: names)) as the target of commands; expected a cell "
                    + "or nerve of this file")
        }
        guard case .manifest(let manifest) = checked.manifests[target], !manifest.commands.contains("*") else {
            return nil
        }
        let known = manifest.commands
        let list = known.isEmpty ? "none: it answers no commands" : "one of " + known.joined(separator: ", ")
        if let command, !known.contains(command) {
            return CheckFinding(
                weight: .problem, check: "commands", mark: mark,
                text:
                    "found the command '\(command)'\(CheckedSystem.meant(command, among: known)), which \(target) does not "
                    + "answer; expected \(list)")
        }
        guard command == nil, known.isEmpty else { return nil }
        return CheckFinding(
            weight: .problem, check: "commands", mark: mark,
            text: "found '\(target)', which answers no commands; expected a cell or nerve that answers some")
    }
}

extension CheckedSystem {
    /// ` (did you mean 'motor'?)`, or nothing.
    static func meant(_ word: String, among known: [String]) -> String {
        nearest(to: word, among: known).map { " (did you mean '\($0)'?)" } ?? ""
    }
}
