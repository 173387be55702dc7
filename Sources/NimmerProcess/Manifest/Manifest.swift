import NimmerWave

/// Description of a cell, nerve or service: its name, its costs and the requests that it answers.
///
/// With its options (``ProcessOptions``) it is the whole of `--help` and `--version`, of the answer to `$SRV.INFO`, and of what the
/// system file is checked against (architecture.md, A system file).
public struct Manifest: Sendable {
    /// The name on the bus unless the system file or `--name` gives another: a token such as `math`.
    public var name: String
    /// The version, `MAJOR.MINOR.PATCH`.
    public var version: String
    /// One sentence: what it senses or does.
    public var summary: String
    /// Domain of its waves: a token such as `distance`.
    public var domain: String
    /// The semantic region of its waves; nil: the domain.
    public var region: String?
    /// Costs of its actions, in lifeforce: `["sense": 0.1]`.
    public var costs: [String: Double]
    /// Interval of its senses unless configured otherwise, in milliseconds; nil when it never senses on its own.
    public var interval: Int?
    /// The weight of its own gate: above the reflex weight (0.8) its own evidence alone opens it (gates.md, Reflex).
    public var weight: Double
    /// The commands that it answers, with one line about each; none: it takes no requests. The name `*` stands for whatever
    /// its settings name: the cell decides itself what it refuses.
    public var commands: [(name: String, help: String)]
    /// Payload fields of commands, by the command's name; those under `*` hold for every command that the
    /// name stands for. A command that is not here takes an empty payload from a mind (the system file may publish otherwise).
    public var payloads: [String: [Field]]
    /// The origins that its waves name beside its own name, as patterns in which `{name}` stands for its name and `{KEY}` for the
    /// value of a setting, or for anything where that is not set: `{name}-*`, `{host}-cpu`. The system file must grant them
    /// (decision 0018); `nimmer check --write` does it.
    public var origins: [String]

    /// A manifest. Names and ranges are checked when the process starts, not here.
    public init(
        name: String, version: String, summary: String, domain: String? = nil, region: String? = nil,
        costs: [String: Double] = [:], interval: Int? = nil, weight: Double = 0.1,
        commands: [(name: String, help: String)] = [], payloads: [String: [Field]] = [:],
        origins: [String] = []
    ) {
        self.name = name
        self.version = version
        self.summary = summary
        self.domain = domain ?? name
        self.region = region
        self.costs = costs
        self.interval = interval
        self.weight = weight
        self.commands = commands
        self.payloads = payloads
        self.origins = origins
    }

    /// Returns the cost of an action, in lifeforce; 0 for an action without a price.
    public func cost(_ action: String) -> Double { costs[action] ?? 0 }
}

/// Kind of process that a manifest describes; it decides the subjects and the settings common to the kind.
public enum Role: String, Sendable {
    /// The smallest unit: senses or acts, emits waves.
    case cell
    /// A behaviour: correlates the waves of cells.
    case nerve
    /// One of the system's own: thalamus, cognition-bridge, hippocampus.
    case service
}
