extension Manifest {
    /// Text of `--help`: every flag, setting and variable with its default and meaning.
    func help(_ declared: DeclaredSettings, role: Role, program: String) -> String {
        var text = "\(name) \(version), a \(role.rawValue): \(summary)\n\n"
        text += "Usage: \(program) [--system FILE] [--name NAME] [--nats URL] [SETTINGS]\n\n"
        var flags = [
            ("--system FILE", "Read settings from a system file, under the process's name."),
            ("--name NAME", "The name on the bus: \(name) unless given."),
            ("--nats URL", "The nats-server."),
            ("--check", "Check the settings, print them with their origins, and leave."),
            ("--health", "Ask the process that runs beside this whether it is ready: status 0 or 1, and one line."),
            (
                "--manifest",
                "Check the settings, print as JSON what it is and what it needs of the system file, and leave."
            ),
            ("--version", "Print the version and leave."),
            ("--help", "Print this and leave."),
        ]
        text += table("Flags", flags)
        flags = declared.all.map { setting in
            var meaning = setting.help
            if let standard = setting.standard, standard.text != "{}", standard.text != "[]" {
                meaning += " Default: \(standard.text)\(setting.unit.isEmpty ? "" : " \(setting.unit)")."
            } else if setting.isRequired {
                meaning += " Required."
            }
            switch setting.kind {
            case .number, .whole, .choice: meaning += " (\(setting.expectation))"
            case .text, .flag, .list, .table: break
            }
            return (setting.flagName, meaning)
        }
        text += table("Settings (a flag, a key of the system file, or a variable)", flags)
        text += "  As a key: \(flags.isEmpty ? "" : "log_level: debug"). "
        text += "As a variable: \(Configuration.prefix(name))LOG_LEVEL=debug.\n\n"
        if !commands.isEmpty { text += table("Commands that it answers", commands.map { ($0.name, $0.help) }) }
        if !costs.isEmpty {
            text += table("Costs in lifeforce", costs.sorted { $0.key < $1.key }.map { ($0.key, plain($0.value)) })
        }
        text += table("Environment variables", ProcessVariable.all.map { ($0.name, $0.help) })
        text += "Layers, later ones win: defaults, system file, variables, flags.\n"
        text += "Exit status: 0 after a stop, 64 wrong usage, 69 something needed is not there, 78 wrong settings.\n"
        return text
    }

    private func table(_ title: String, _ rows: [(String, String)]) -> String {
        let width = min(30, rows.map(\.0.count).max() ?? 0)
        var text = "\(title):\n"
        for (name, meaning) in rows {
            let gap = String(repeating: " ", count: max(1, width - name.count + 2))
            text += "  \(name)\(gap)\(meaning)\n"
        }
        return text + "\n"
    }
}
