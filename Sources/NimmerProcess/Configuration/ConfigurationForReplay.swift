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
        try self.init(
            manifest, DeclaredSettings(manifest, options, role: role), environment: environment,
            name: name ?? manifest.name)
        self.system = system
        try settings.take(changes, of: declared.all)
    }

    /// A configuration without a process, from a system file alone: what replay runs a cell with.
    ///
    /// - Throws: `ProcessFailure` with the place in the file, when the options do not know a setting or its value.
    public init<Options: ProcessOptions>(
        _ manifest: Manifest, _ options: Options.Type, role: Role, environment: Environment, organism: Organism,
        system: SystemFile
    ) throws(ProcessFailure) {
        try self.init(
            manifest, DeclaredSettings(manifest, options, role: role), environment: environment, name: organism.name)
        self.system = system
        let mistakes: [SystemError]
        do throws(SystemError) {
            mistakes = try take(system, role: role, known: declared.all, isExplicit: true)
        } catch { throw ProcessFailure(error) }
        if let failure = ProcessFailure(mistakes) { throw failure }
        try complete()
    }

    /// Turns a setting off, where it is declared.
    package mutating func turnOff(_ key: String) {
        if settings.has(key) { settings.set(key, .flag(false), from: .flag) }
    }
}
