import NimmerGate
import NimmerProcess
import NimmerSystem
import NimmerWave

extension Configuration {
    /// The configuration of a cell without a process: its defaults and some changes, for tests.
    ///
    /// - Parameters:
    ///   - cell: the cell or nerve.
    ///   - environment: where it would run.
    ///   - name: its name on the bus; the manifest's unless given.
    ///   - changes: values of settings by their keys.
    ///   - system: the system file that it sees.
    /// - Throws: `ProcessFailure` when the name is invalid, or a change is not declared or not of its type.
    public init<C: Cell>(
        of cell: C.Type, environment: Environment = .dev, name: String? = nil, changes: [String: SettingValue] = [:],
        system: SystemFile? = nil
    ) throws(ProcessFailure) {
        try self.init(
            C.manifest, C.Options.self, role: C.role, environment: environment, name: name, changes: changes,
            system: system)
    }

    /// The configuration of a cell without a process, from a system file alone: what replay runs a cell with.
    ///
    /// - Throws: `ProcessFailure` with the place in the file, when the options do not know a setting or its value.
    public init<C: Cell>(
        of cell: C.Type, environment: Environment, organism: Organism, system: SystemFile
    ) throws(ProcessFailure) {
        try self.init(
            C.manifest, C.Options.self, role: C.role, environment: environment, organism: organism, system: system)
    }
}

extension CellHost {
    /// Settings of the cell.
    public var settings: Settings<C.Options> { Settings(process.configuration.settings) }
}

extension Configuration {
    /// The own gate's configuration: defaults < manifest < the system file's gates.
    func gate(of identity: Identity, base: GateConfiguration) -> GateConfiguration {
        var base = base
        guard let gates = system?.gates else { return base }
        let region = (identity.region ?? Region(identity.domain)).text
        // The weight of an own gate is the author's or the cell's setting; a region's trust is the thalamus's, and no outcome is about an
        // own gate.
        if let rule = gates.regions.first(where: { $0.region == identity.gateID.text }) {
            base = gates.defaults.merged(with: rule.overrides).applied(to: base)
        } else {
            let weight = base.weight
            base = gates.configuration(region: region, base: base)
            base.weight = weight
        }
        base.trust = .declared
        return base
    }
}
