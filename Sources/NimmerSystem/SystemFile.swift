import NimmerWave

/// A nervous system as one file describes it (architecture.md, A system file).
///
/// Which cells and nerves run and with which settings, the gates where they differ from the defaults, the thalamus's
/// regions, the bridge, the memory and the servers. Loading refuses unknown keys, duplicate names and impossible values
/// with their place. Settings of a cell stay nodes: the cell's own manifest checks them with the same precision.
public struct SystemFile: Sendable {
    /// The file as the person named it.
    public var file: String
    /// The system's name.
    public var name: String
    /// The cells, in the order of the file.
    public var cells: [Organism] = []
    /// The nerves, in the order of the file.
    public var nerves: [Organism] = []
    /// The organs, in the order of the file.
    public var organs: [OrganSettings] = []
    /// Differences of gates from the defaults.
    public var gates = GateSettings()
    /// Rules that give openings their outcomes, in the order of the file; the first that holds for a region counts.
    public var verify: [VerificationRule] = []
    /// The thalamus's regions and bounds.
    public var thalamus = ThalamusSettings()
    /// The cognition bridge.
    public var bridge = BridgeSettings()
    /// The hippocampus.
    public var memory = MemorySettings()
    /// Meaning as vectors; nil where the file does not name it: regions are compared by their patterns alone.
    public var iris: IrisSettings?
    /// Lifeforce that outcomes give back.
    public var lifeforce = LifeforceSettings()
    /// Room for artifacts: contents too big for waves.
    public var artifacts = ArtifactBounds()
    /// The nats-server.
    public var nats = NATSSettings()
    /// The listener for devices that speak MQTT; nil where the file does not name it.
    public var mqtt: MQTTSettings?
    /// The PostgreSQL server.
    public var postgres = PostgresSettings()
    /// The variants that the virtual garden runs, in the order of the file.
    public var virtual: [VirtualVariant] = []
    /// The page for browsers; nil where the file does not name it.
    public var web: WebSettings?

    /// A system without cells in which everything is as by default.
    public init(name: String, file: String = "") {
        self.name = name
        self.file = file
    }

    /// The cell or nerve of a name.
    public func organism(_ name: String) -> Organism? {
        cells.first { $0.name == name } ?? nerves.first { $0.name == name }
    }
}

/// A cell or nerve of a system: its name, what it is, and its settings.
public struct Organism: Sendable {
    /// Kind of part.
    public enum Role: String, Sendable {
        /// A cell.
        case cell
        /// A nerve.
        case nerve
    }

    /// Kind of the part.
    public var role: Role
    /// Its name on the bus, a token: `pump-pressure`.
    public var name: String
    /// Its kind and version, which name the executable: `sensor/v1`.
    public var kind: String
    /// The program and its arguments, where the file names them itself: for cells in other languages.
    public var command: [String]
    /// Its settings, checked later by its manifest.
    public var settings: [YAMLNode.Entry]
    /// The origins that it may name in its waves, beyond its own name.
    public var origins: [OriginPattern] = []
    /// The regions whose openings it may verify.
    public var verifies: [Region] = []
    /// Positions of these in the file.
    package var verifiesMark: YAMLMark?
    /// The subjects of devices to which it publishes, beyond its own and those of its setting `publish`.
    public var publishes: [String] = []
    /// The subjects of devices that it reads, beyond its own and that of its setting `subject`.
    public var subscribes: [String] = []
    /// Budget of a cell; nil: it has none.
    public var lifeforce: CellBudgetSettings?
    /// Position in the file.
    public var mark: YAMLMark
    /// Position of its command; nil where the file names none.
    public var commandMark: YAMLMark?
    /// Position of its kind; nil where the file names none.
    public var kindMark: YAMLMark?

    /// The kind without its version: `sensor`.
    public var kindName: String { String(kind.prefix { $0 != "/" }) }
    /// The version without the kind: `v1`.
    public var kindVersion: String { String(kind.drop { $0 != "/" }.dropFirst()) }

    /// A cell or nerve.
    public init(
        role: Role, name: String, kind: String, command: [String] = [], settings: [YAMLNode.Entry] = [],
        mark: YAMLMark = .start
    ) {
        self.role = role
        self.name = name
        self.kind = kind
        self.command = command
        self.settings = settings
        self.mark = mark
    }
}

/// The thalamus's part of a system file.
public struct ThalamusSettings: Sendable {
    /// A region and the patterns of the regions that waves name; the first match of the file wins.
    public struct RegionRule: Sendable {
        /// The thalamus's region: `plant`.
        public var region: String
        /// `plant.>`, `pump.*`, `math`.
        public var patterns: [String]
        /// Position of the rule.
        public var mark: YAMLMark

        /// A region and its patterns.
        public init(region: String, patterns: [String], mark: YAMLMark = .start) {
            self.region = region
            self.patterns = patterns
            self.mark = mark
        }
    }

    /// Regions kept at most; the longest silent go first.
    public var maxRegions = 10_000
    /// Into how many parts the regions are divided that several thalami share; nil: one thalamus has them all.
    public var partitions: Int?
    /// The declared regions, in the order of the file.
    public var regions: [RegionRule] = []
    /// Maximum distance of a wave's own time before its arrival, in milliseconds, until the arrival counts instead; nerves follow it, too.
    public var clockToleranceMS = ClockTolerance.standardMilliseconds
    /// Openings that collapse to less than this confidence do not go up.
    public var minimumConfidence = 0.0
    /// Time after an escalation of a region in which its further openings do not go up, in milliseconds; 0: every one does.
    public var refractoryMS = 0.0
    /// The share of an outcome that a mind's `false_alarm` counts as, 0…1; 0: it is recorded only.
    public var mindOutcomeWeight = 0.0
    /// Settings of its process.
    package var processSettings: [YAMLNode.Entry] = []

    /// The defaults: 10,000 regions, none declared.
    public init() {}
}

/// The nats-server's part of a system file; nil means what the environment states.
public struct NATSSettings: Sendable {
    /// `nats://127.0.0.1:4222`.
    public var url: String?
    /// Position of the address in the file.
    package var urlMark = YAMLMark.start
    /// A user's name, its password in `passwordFile` or in NIMMERVERSE_NATS_PASSWORD.
    public var user: String?
    /// A file whose first line is the password.
    public var passwordFile: String?
    /// A file whose first line is the token.
    public var tokenFile: String?
    /// A credentials file (JWT and seed).
    public var credentials: String?
    /// The certificate of the authority that signed the server's certificate, PEM.
    public var tlsCA: String?
    /// The client's certificate, PEM.
    public var tlsCertificate: String?
    /// The client's key, PEM.
    public var tlsKey: String?
    /// Number of servers of a cluster that keep each stream; nil: one.
    public var replicas: Int?

    /// Everything as the environment states.
    public init() {}
}

/// The nats-server's listener for devices that speak MQTT, where `nimmer up` starts the server.
public struct MQTTSettings: Sendable, Hashable {
    /// Its port, 1 to 65535.
    public var port = 1883
    /// The address of this machine on which it listens, an IP address.
    public var host = "127.0.0.1"
    /// Position in the file.
    public var mark = YAMLMark.start

    /// Indicates whether only programs of this machine reach it.
    public var isLoopback: Bool { host.hasPrefix("127.") || host == "::1" }

    /// Port 1883 of 127.0.0.1.
    public init() {}
}

/// The PostgreSQL server's part of a system file; nil means what the environment states.
public struct PostgresSettings: Sendable {
    /// `postgresql://user@host:port/database`, without a password.
    public var url: String?
    /// Position of the address in the file.
    package var urlMark = YAMLMark.start
    /// A file whose first line is the password.
    public var passwordFile: String?

    /// Everything as the environment states.
    public init() {}
}
