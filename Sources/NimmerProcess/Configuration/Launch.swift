import NimmerSystem

/// Command line of a cell, nerve or service.
struct Launch: Sendable {
    /// Action to perform.
    enum Action: Sendable { case run, help, version, check, health, manifest }

    /// Action to perform.
    var action = Action.run
    /// `--system FILE`
    var system: String?
    /// `--name NAME`
    var name: String?
    /// `--nats URL`
    var nats: String?
    /// `--key value`, in order, keys as in the system file.
    var flags: [(key: String, text: String)] = []

    /// The flags that every process has.
    static let common = ["help", "version", "check", "health", "manifest", "system", "name", "nats"]

    /// A command line without arguments.
    init() {}

    /// Reads the arguments after the program's name.
    ///
    /// - Throws: `ProcessFailure` (usage) naming the argument and what was expected.
    init(_ arguments: [String], settings: [SettingDeclaration]) throws(ProcessFailure) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "-h" { action = .help; continue }
            guard argument.hasPrefix("--") else {
                throw ProcessFailure(.usage, "unexpected argument '\(argument)'; expected flags, see --help")
            }
            let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let flag = String(parts.first ?? "")
            var text = parts.count > 1 ? String(parts[1]) : nil
            let key = String(flag.map { $0 == "-" ? "_" : $0 })
            switch flag {
            case "help": action = .help; continue
            case "version": action = .version; continue
            case "check": action = .check; continue
            case "health": action = .health; continue
            case "manifest": action = .manifest; continue
            default: break
            }
            let setting = settings.first { $0.key == key }
            if let setting, case .flag = setting.kind, text == nil { text = "true" }
            if setting == nil, flag.hasPrefix("no-"), text == nil,
                let denied = settings.first(where: { "no_" + $0.key == key }), case .flag = denied.kind
            {
                flags.append((denied.key, "false"))
                continue
            }
            guard setting != nil || Launch.common.contains(flag) else {
                let known = settings.map { String($0.flagName.dropFirst(2)) } + Launch.common
                let meant = nearest(to: flag, among: known).map { "; did you mean --\($0)?" } ?? ", see --help"
                throw ProcessFailure(.usage, "unknown flag '--\(flag)'\(meant)")
            }
            guard let value = text ?? rest.popFirst() else {
                throw ProcessFailure(.usage, "the flag '--\(flag)' needs a value")
            }
            switch flag {
            case "system": system = value
            case "name": name = value
            case "nats": nats = value
            default: flags.append((key, value))
            }
        }
    }
}
