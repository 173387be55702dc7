import NimmerWave

/// The cognition bridge's part of a system file.
public struct BridgeSettings: Sendable {
    /// A command that a decision may ask for.
    public struct Allowed: Hashable, Sendable {
        /// The cell or nerve.
        public var target: String
        /// The command; nil: every command that the target declares by name.
        public var command: String?
        /// Fields of its payload; nil: those that the target itself declares.
        public var payload: [Field]?
        /// Position in the file.
        public var mark: YAMLMark

        /// An entry of the list.
        public init(target: String, command: String? = nil, payload: [Field]? = nil, mark: YAMLMark = .start) {
            self.target = target
            self.command = command
            self.payload = payload
            self.mark = mark
        }
    }

    /// Name of the openings of some regions above the boundary, and the actions that could be taken.
    public struct Event: Hashable, Sendable {
        /// Regions that it holds for: `plant`, `plant.>`.
        public var region: String
        /// The event's name: `pump_anomaly`.
        public var eventType: String
        /// Actions that could be taken, the most apt first: `inspect_pump`.
        public var actions: [String]
        /// Reflex of an opening by a reflex gate, before any mind is asked; nil: it asks like every other.
        public var reflex: Reflex?
        /// Position in the file.
        package var mark = YAMLMark.start

        /// An event.
        public init(region: String, eventType: String, actions: [String] = [], reflex: Reflex? = nil) {
            self.region = region
            self.eventType = eventType
            self.actions = actions
            self.reflex = reflex
        }
    }

    /// Action of an opening by a reflex gate.
    public struct Reflex: Hashable, Sendable {
        /// The action that it takes.
        public var action: String
        /// The commands, which `allow` must allow too.
        public var commands: [DownstreamCommand]
        /// Positions of the commands in the file; empty for a reflex that is not from one.
        public var marks: [YAMLMark] = []

        /// An action and its commands.
        public init(action: String, commands: [DownstreamCommand]) {
            self.action = action
            self.commands = commands
        }
    }

    /// Limits on the spending for requests of some regions together.
    public struct RegionBudget: Hashable, Sendable {
        /// Regions that it holds for: `plant`, `plant.>`.
        public var region: String
        /// Limits.
        public var budget: BudgetSettings
        /// Position in the file.
        package var mark = YAMLMark.start

        /// A budget.
        public init(region: String, budget: BudgetSettings) {
            self.region = region
            self.budget = budget
        }
    }

    /// Mode for the commands of a decision; nothing is sent unless the file asks for it.
    public var commands = CommandMode.dryRun
    /// The commands that a decision may ask for; none unless the file lists them.
    public var allow: [Allowed] = []
    /// Time for which a command waits for a person's approval, in milliseconds.
    public var confirmWithinMS = 300_000
    /// Energy that one request may spend.
    public var budget = 10.0
    /// Timeout of a mind, in milliseconds.
    public var responseTimeoutMS = 15_000
    /// Time after which a request expires, in milliseconds.
    public var expiresAfterMS = 60_000
    /// Named events, the first match wins.
    public var events: [Event] = []
    /// The minds, in order of preference; none: the deterministic boundary answers.
    public var minds: [MindSettings] = []
    /// Requests that may wait for a mind, those of one region counted once; more stay in the stream.
    public var queue = 256
    /// Budgets of regions; the first match of the file counts.
    public var regionBudgets: [RegionBudget] = []
    /// Text about this system for the minds, beside the built-in instructions.
    public var about = ""
    /// Settings of its process.
    package var processSettings: [YAMLNode.Entry] = []

    /// The defaults: dry run, 10 lifeforce, 15 s to answer, worth answering for 60 s, no mind.
    public init() {}
}
