import NimmerBus
import NimmerSystem
import NimmerWave

extension Configuration {
    /// A configuration without a process: the defaults and some changes, for tests.
    ///
    /// - Parameters:
    ///   - manifest: what it is.
    ///   - options: what can be set.
    ///   - role: cell, nerve or service.
    ///   - environment: where it would run.
    ///   - name: its name on the bus; the manifest's unless given.
    ///   - changes: values by their keys.
    ///   - system: the system file that it sees.
    /// - Throws: `ProcessFailure` when the name is invalid, or a change is not declared or not of its type.
    public init<Options: ProcessOptions>(
        _ manifest: Manifest, _ options: Options.Type, role: Role, environment: Environment, name: String? = nil,
        changes: [String: SettingValue] = [:], system: SystemFile? = nil
    ) throws(ProcessFailure) {
        self.manifest = manifest
        self.environment = environment
        do throws(Refusal) { self.name = try Token(name ?? manifest.name) } catch {
            throw ProcessFailure(.usage, "the name '\(name ?? manifest.name)' is not valid: \(error.message)")
        }
        self.system = system
        declared = try DeclaredSettings(manifest, options, role: role)
        settings = SettingValues(declared.all)
        try settings.take(changes, of: declared.all)
        bus = BusSettings(url: "nats://127.0.0.1:4222", name: self.name.text)
    }

    /// A configuration without a process, from a system file alone: what replay runs a cell with.
    ///
    /// - Throws: `ProcessFailure` with the place in the file, when the options do not know a setting or its value.
    public init<Options: ProcessOptions>(
        _ manifest: Manifest, _ options: Options.Type, role: Role, environment: Environment, organism: Organism,
        system: SystemFile
    ) throws(ProcessFailure) {
        var launch = Launch()
        launch.name = organism.name
        try self.init(
            manifest, DeclaredSettings(manifest, options, role: role), role: role, launch: launch,
            variables: [Environment.variable: environment.rawValue], system: system)
    }
}
