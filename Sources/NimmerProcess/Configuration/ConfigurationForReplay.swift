import NimmerBus
import NimmerSystem
import NimmerWave

extension Configuration {
    /// A configuration without a process: the manifest's defaults and some changes.
    ///
    /// For tests and replay; there the system file's settings are given as `changes` by ``settings(of:role:)`` and the
    /// organism's entries.
    public init(
        _ manifest: Manifest, role: Role, environment: Environment, name: String? = nil,
        changes: [String: SettingValue] = [:], system: SystemFile? = nil
    ) throws(Refusal) {
        self.manifest = manifest
        self.environment = environment
        self.name = try Token(name ?? manifest.name)
        self.system = system
        settings = Settings(Configuration.settings(of: manifest, role: role), changes)
        bus = BusSettings(url: "nats://127.0.0.1:4222", name: self.name.text)
    }

    /// A configuration without a process, from a system file alone: what replay runs a cell with.
    ///
    /// - Throws: `ProcessFailure` with the place in the file, when the manifest does not know a setting or its value.
    public init(
        _ manifest: Manifest, role: Role, environment: Environment, organism: Organism, system: SystemFile
    ) throws(ProcessFailure) {
        var launch = Launch()
        launch.name = organism.name
        try self.init(
            manifest, role: role, launch: launch, variables: [Environment.variable: environment.rawValue],
            system: system)
    }
}
