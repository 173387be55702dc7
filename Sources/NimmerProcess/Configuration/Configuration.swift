import NimmerBus
import NimmerPlatform
import NimmerSystem
import NimmerWave

/// Settings of a process, gathered from their layers: defaults < system file < environment variables < flags.
///
/// A value: it is made from the arguments and variables that it is given, so that tests need no process.
public struct Configuration: Sendable {
    /// Environment, from NIMMERVERSE_ENV.
    public var environment: Environment
    /// Its name on the bus.
    public var name: Token
    /// Manifest: its identity and its settings.
    public var manifest: Manifest
    /// Settings that it accepts.
    package let declared: DeclaredSettings
    /// The settings and where each came from.
    package internal(set) var settings: SettingValues
    /// The system file, where there is one.
    public var system: SystemFile?
    /// Settings of the connection to the nats-server.
    public var bus: BusSettings
    /// The folder for what must outlive the process; nil: none.
    public var stateFolder: String?
    /// Indicates whether recorded readings are handed to it, so that a cell that takes them leaves its own source alone.
    package var isPlayed = false
    /// NIMMERVERSE variables that nothing reads; logged once at the start.
    public var unknownVariables: [String] = []
    /// Mistakes of its settings in the system file, which ``examine(_:)`` names.
    private(set) var mistakes: [SystemError] = []
    /// Positions of the settings that the system file has, and of the rows of tables as `setting.row`.
    var marks: [String: YAMLMark] = [:]
    /// Reason why the system file's file of a password or token for the nats-server gives none.
    private var noNATSSecret: SecretFileError?
    /// Indicates whether a flag or variable names the nats-server.
    private var isServerGiven = false

    /// Gathers the layers.
    ///
    /// - Parameters:
    ///   - manifest: what it is.
    ///   - declared: what can be set.
    ///   - role: cell, nerve or service.
    ///   - launch: the command line.
    ///   - variables: the environment's variables.
    ///   - reader: reads the system file, and lists and tables in its notation in flags and variables.
    ///   - localSystem: the `nimmer up` that runs here; its server is used where nothing names one.
    ///   - loaded: a system file that was read already; then no other is searched for.
    ///   - isExamined: whether ``examine(_:)`` follows, which names the mistakes of the settings in the file together with others.
    /// - Throws: `ProcessFailure`: what was found, what was expected and where.
    init(
        _ manifest: Manifest, _ declared: DeclaredSettings, role: Role, launch: Launch, variables: [String: String],
        reading reader: SystemFileReader, localSystem: LocalSystem? = nil, system loaded: SystemFile? = nil,
        isExamined: Bool = false
    ) throws(ProcessFailure) {
        let environment: Environment
        do throws(Refusal) {
            let name = variables[Environment.variable] ?? ""
            environment = name.isEmpty ? .dev : try Environment(validating: name)
        } catch { throw ProcessFailure(.usage, error.description) }
        let text = launch.name ?? variables["NIMMERVERSE_NAME"] ?? manifest.name
        try self.init(manifest, declared, environment: environment, name: text)
        let known = declared.all
        let explicit = launch.system ?? variables["NIMMERVERSE_SYSTEM"].flatMap { $0.isEmpty ? nil : $0 }
        let implicit = "/etc/nimmerverse/\(environment.rawValue).yaml"
        do throws(SystemError) {
            system = loaded
            if system == nil, let path = explicit ?? (SmallFile.exists(implicit) ? implicit : nil) {
                // A program that asks for the manifest has read the file; mistakes elsewhere in it do not hide this part's own.
                system = launch.action == .manifest ? try reader.sound(path) : try reader.file(path)
            }
            if let system {
                mistakes = try take(
                    system, role: role, known: known, isExplicit: explicit != nil || loaded != nil)
            }
        } catch { throw ProcessFailure(error) }
        let failure = ProcessFailure(mistakes)
        if let failure, !isExamined { throw failure }
        do throws(ProcessFailure) {
            try take(launch, variables: variables, reading: reader, localSystem: localSystem)
        } catch { throw failure ?? error }
    }

    /// Takes the layers above the system file.
    private mutating func take(
        _ launch: Launch, variables: [String: String], reading reader: SystemFileReader, localSystem: LocalSystem?
    ) throws(ProcessFailure) {
        let known = declared.all
        try take(variables: variables, known: known, reading: reader)
        for flag in launch.flags {
            try take(
                flag.text, for: flag.key, known: known, reading: reader, from: .flag, shown: "the flag --\(flag.key)")
        }
        if let nats = launch.nats { bus.url = nats }
        isServerGiven = launch.nats != nil || variables["NIMMERVERSE_NATS_URL"]?.isEmpty == false
        if let localSystem {
            bus.take(localSystem, name: name.text, isNamed: isServerGiven || system?.nats.url != nil)
        }
        isPlayed = variables["NIMMERVERSE_PLAY"] == "1"
        stateFolder = variables["NIMMERVERSE_STATE"].flatMap { $0.isEmpty ? nil : $0 }
        try complete()
    }

    /// The defaults, before any layer is taken.
    init(
        _ manifest: Manifest, _ declared: DeclaredSettings, environment: Environment, name text: String
    ) throws(ProcessFailure) {
        self.manifest = manifest
        self.declared = declared
        self.environment = environment
        do throws(Refusal) { name = try Token(text) } catch {
            throw ProcessFailure(.usage, "the name '\(text)' is not valid: \(error.message)")
        }
        settings = SettingValues(declared.all)
        bus = BusSettings(url: "nats://127.0.0.1:4222", name: text)
    }

    /// Applies the settings that every process has, and refuses a required one that no layer set.
    mutating func complete() throws(ProcessFailure) {
        bus.waitsForServer = settings[declared.common.connect] == .wait
        stateFolder = settings[declared.common.state] ?? stateFolder
        for setting in declared.all where setting.isRequired && settings.value(setting.key) == nil {
            throw ProcessFailure(
                .configuration,
                "\(name): the setting '\(setting.key)' is missing; expected \(setting.expectation): \(setting.help) "
                    + "Set it in the system file, by \(setting.flagName) or \(variableName(setting.key))")
        }
    }

    /// The variable that sets a key: `NIMMER_MATH_LOG_LEVEL`.
    public func variableName(_ key: String) -> String { Configuration.prefix(name.text) + key.uppercased() }

    static func prefix(_ name: String) -> String {
        "NIMMER_\(name.uppercased())_".replacingHyphens()
    }

    /// Takes the layer of the system file.
    ///
    /// - Returns: every mistake in the part's settings; what is in order was taken.
    /// - Throws: `SystemError` when the file has no such part, or one of another kind.
    mutating func take(
        _ system: SystemFile, role: Role, known: [SettingDeclaration], isExplicit: Bool
    ) throws(SystemError) -> [SystemError] {
        noNATSSecret = bus.take(system.nats)
        guard role != .service else {
            return take(system.processSettings(kind: manifest.name, name: name.text), known: known, file: system.file)
        }
        guard let organism = system.organism(name.text) else {
            guard isExplicit else { return [] }
            let names = (system.cells + system.nerves).map(\.name)
            let meant = nearest(to: name.text, among: names).map { " (did you mean '\($0)'?)" } ?? ""
            throw SystemError(
                .missing, file: system.file, mark: .start, found: "no \(role.rawValue) named '\(name)'\(meant)",
                expected: names.isEmpty ? "one" : "one of " + names.joined(separator: ", "))
        }
        guard organism.kind.isEmpty || organism.kindName == manifest.name else {
            throw SystemError(
                .invalid, file: system.file, mark: organism.mark, found: "'\(name)' of the kind \(organism.kind)",
                expected: "the kind \(manifest.name), which is what this program is")
        }
        return take(organism.settings, known: known, file: system.file)
    }

    private mutating func take(
        _ entries: [YAMLNode.Entry], known: [SettingDeclaration], file: String
    ) -> [SystemError] {
        var mistakes: [SystemError] = []
        for entry in entries {
            guard let setting = known.first(where: { $0.key == entry.key }) else {
                let keys = known.map(\.key)
                let meant = nearest(to: entry.key, among: keys).map { " (did you mean '\($0)'?)" } ?? ""
                mistakes.append(
                    SystemError(
                        .unknownKey, file: file, mark: entry.mark,
                        found: "the unknown setting '\(entry.key)' of \(name)\(meant)",
                        expected: "any of: \(keys.sorted().joined(separator: ", "))"))
                continue
            }
            guard !entry.value.isNull else { continue }
            guard let value = setting.value(of: entry.value) else {
                mistakes.append(
                    SystemError(
                        .invalid, file: file, mark: entry.value.mark, found: entry.value.found,
                        expected: "\(setting.key): \(setting.expectation)"))
                continue
            }
            settings.set(setting.key, value, from: .file)
            marks[setting.key] = entry.value.mark
            for row in entry.value.entries ?? [] { marks["\(setting.key).\(row.key)"] = row.value.mark }
        }
        return mistakes
    }

    private mutating func take(
        variables: [String: String], known: [SettingDeclaration], reading reader: SystemFileReader
    ) throws(ProcessFailure) {
        let prefix = Configuration.prefix(name.text)
        let longer = ((system?.cells ?? []) + (system?.nerves ?? [])).map { Configuration.prefix($0.name) }
            .filter { $0.count > prefix.count && $0.hasPrefix(prefix) }
        for (variable, text) in variables.sorted(by: { $0.key < $1.key }) {
            if variable.hasPrefix(prefix), !longer.contains(where: variable.hasPrefix) {
                let key = variable.dropFirst(prefix.count).lowercased()
                guard known.contains(where: { $0.key == key }) else {
                    let meant = nearest(to: key, among: known.map(\.key)).map { "; did you mean \(variableName($0))?" }
                    throw ProcessFailure(
                        .usage, "the variable \(variable) sets nothing that \(name) knows\(meant ?? ", see --help")")
                }
                try take(text, for: key, known: known, reading: reader, from: .variable, shown: variable)
            } else if variable.hasPrefix("NIMMERVERSE_"), !ProcessVariable.names.contains(variable) {
                unknownVariables.append(variable)
            }
        }
        let fromFile = bus.credentials
        bus.take(variables)
        if bus.credentials != fromFile { noNATSSecret = nil }
    }

    /// The failure to connect with these settings: an address that cannot be read is named where it stands in the file, and is wrong
    /// usage where a flag or variable gave it.
    func failure(of error: BusError) -> ProcessFailure {
        guard error.code == .invalid else { return ProcessFailure(error) }
        guard !isServerGiven, let system, system.nats.url != nil else {
            return ProcessFailure(.usage, error.description)
        }
        return ProcessFailure(.configuration, "\(system.file):\(system.nats.urlMark): nats.url: \(error)")
    }

    /// Refuses a file of a password or token that gives none, where no variable has it either.
    func requireSecrets() throws(ProcessFailure) {
        guard let noNATSSecret else { return }
        throw ProcessFailure(
            .configuration,
            "the file of the nats-server's password or token (nats.password_file, nats.token_file) gives none: \(noNATSSecret)"
        )
    }

    private mutating func take(
        _ text: String, for key: String, known: [SettingDeclaration], reading reader: SystemFileReader,
        from layer: SettingValues.Layer, shown: String
    ) throws(ProcessFailure) {
        guard let setting = known.first(where: { $0.key == key }) else { return }
        guard let value = setting.value(ofText: text, reading: reader) else {
            throw ProcessFailure(.usage, "\(shown): found '\(text)'; expected \(setting.expectation)")
        }
        settings.set(key, value, from: layer)
    }
}

extension String {
    func replacingHyphens() -> String { String(map { $0 == "-" ? "_" : $0 }) }
}
