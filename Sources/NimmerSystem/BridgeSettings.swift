import NimmerWave

/// The cognition bridge's part of a system file.
public struct BridgeSettings: Sendable {
    /// A command that a decision may ask for.
    public struct Allowed: Hashable, Sendable {
        /// The cell or nerve.
        public var target: String
        /// The command; nil: every command that the target declares by name.
        public var command: String?
        /// What its payload may hold; nil: what the target itself declares.
        public var payload: [Field]?
        /// Where it stands in the file.
        public var mark: YAMLMark

        /// An entry of the list.
        public init(target: String, command: String? = nil, payload: [Field]? = nil, mark: YAMLMark = .start) {
            self.target = target
            self.command = command
            self.payload = payload
            self.mark = mark
        }
    }

    /// What the openings of some regions are called above the boundary, and what could be done.
    public struct Event: Hashable, Sendable {
        /// Regions that it holds for: `plant`, `plant.>`.
        public var region: String
        /// The event's name: `pump_anomaly`.
        public var eventType: String
        /// What could be done, the most apt first: `inspect_pump`.
        public var actions: [String]
        /// What an opening by a reflex gate does at once, before any mind is asked; nil: it asks like every other.
        public var reflex: Reflex?

        /// An event.
        public init(region: String, eventType: String, actions: [String] = [], reflex: Reflex? = nil) {
            self.region = region
            self.eventType = eventType
            self.actions = actions
            self.reflex = reflex
        }
    }

    /// What an opening by a reflex gate does at once.
    public struct Reflex: Hashable, Sendable {
        /// The action that it takes.
        public var action: String
        /// The commands, which `allow` must allow too.
        public var commands: [DownstreamCommand]

        /// An action and its commands.
        public init(action: String, commands: [DownstreamCommand]) {
            self.action = action
            self.commands = commands
        }
    }

    /// What may be spent on the requests of some regions together.
    public struct RegionBudget: Hashable, Sendable {
        /// Regions that it holds for: `plant`, `plant.>`.
        public var region: String
        /// What may be spent.
        public var budget: BudgetSettings

        /// A budget.
        public init(region: String, budget: BudgetSettings) {
            self.region = region
            self.budget = budget
        }
    }

    /// What happens to the commands of a decision; nothing is sent unless the file says so.
    public var commands = CommandMode.dryRun
    /// The commands that a decision may ask for; none unless the file lists them.
    public var allow: [Allowed] = []
    /// How long a command waits for a person's word, in milliseconds.
    public var confirmWithinMS = 300_000
    /// Energy that one request may spend.
    public var budget = 10.0
    /// How long a mind may take, in milliseconds.
    public var responseTimeoutMS = 15_000
    /// How long a request stays worth answering, in milliseconds.
    public var expiresAfterMS = 60_000
    /// Named events, the first match wins.
    public var events: [Event] = []
    /// The minds, in order of preference; none: the deterministic boundary answers.
    public var minds: [MindSettings] = []
    /// Requests that may wait for a mind, those of one region counted once; more stay in the stream.
    public var queue = 256
    /// Budgets of regions; the first match of the file counts.
    public var regionBudgets: [RegionBudget] = []
    /// What the minds are told about this system, beside the house's own instructions.
    public var about = ""

    /// The defaults: dry run, 10 lifeforce, 15 s to answer, worth answering for 60 s, no mind.
    public init() {}
}

extension BridgeSettings {
    init(_ node: YAMLNode?, file: String) throws(SystemError) {
        self.init()
        guard let node else { return }
        var keys = try MappingReader(node, place: "bridge", file: file)
        commands = try keys.choice("commands", of: CommandMode.self) ?? commands
        for node in try keys.list("allow") { allow.append(try Allowed(node, file: file)) }
        confirmWithinMS =
            try keys.integer("confirm_within_ms", in: 1...604_800_000, unit: "milliseconds") ?? confirmWithinMS
        budget = try keys.number("budget_lf", in: 0...1e15, unit: "lifeforce") ?? budget
        responseTimeoutMS =
            try keys.integer("response_timeout_ms", in: 1...3_600_000, unit: "milliseconds") ?? responseTimeoutMS
        expiresAfterMS =
            try keys.integer("expires_after_ms", in: 1...604_800_000, unit: "milliseconds") ?? expiresAfterMS
        for entry in try keys.entries("event_types") {
            try SystemFile.checkPattern(entry.key, mark: entry.mark, file: file)
            events.append(try Event(entry, file: file))
        }
        for node in try keys.list("minds") {
            let mind = try MindSettings(node, file: file)
            if let earlier = minds.first(where: { $0.name == mind.name }) {
                throw SystemError(
                    .duplicate, file: file, mark: mind.mark, found: "the mind '\(mind.name)' again",
                    expected: "each mind under its own name (line \(earlier.mark.line) has it already)")
            }
            minds.append(mind)
        }
        queue = try keys.integer("queue", in: 1...4_096) ?? queue
        for entry in try keys.entries("region_budgets") {
            try SystemFile.checkPattern(entry.key, mark: entry.mark, file: file)
            let budget = try BudgetSettings(entry.value, place: "region_budgets.\(entry.key)", file: file)
            regionBudgets.append(RegionBudget(region: entry.key, budget: budget))
        }
        about = try keys.text("about") ?? about
        try keys.finish()
    }
}

extension BridgeSettings.Event {
    /// An event type: a name, or a name with what could be done: `{event: plant_fault, actions: [inspect_pump]}`.
    init(_ entry: YAMLNode.Entry, file: String) throws(SystemError) {
        if let name = entry.value.text {
            self.init(region: entry.key, eventType: name)
            return
        }
        guard entry.value.entries != nil else {
            throw SystemError(
                .invalid, file: file, mark: entry.value.mark, found: entry.value.found,
                expected: "an event type, such as plant_fault, or {event: plant_fault, actions: [inspect]}")
        }
        var keys = try MappingReader(entry.value, place: "an event type", file: file)
        let name = try keys.text("event") ?? "resonance"
        let actions = keys.node("actions")?.elements ?? []
        for action in actions where action.text?.isEmpty != false || (action.text?.utf8.count ?? 0) > 128 {
            throw SystemError(
                .invalid, file: file, mark: action.mark, found: action.found,
                expected: "an action's name of at most 128 bytes")
        }
        var reflex: BridgeSettings.Reflex?
        if let node = keys.node("reflex") { reflex = try BridgeSettings.Reflex(node, file: file) }
        try keys.finish()
        self.init(region: entry.key, eventType: name, actions: actions.compactMap(\.text), reflex: reflex)
    }
}

extension BridgeSettings.Reflex {
    /// `{action: stop, commands: [{target: motor, command: stop, payload: {}}]}`
    init(_ node: YAMLNode, file: String) throws(SystemError) {
        var keys = try MappingReader(node, place: "a reflex", file: file)
        let action = try keys.required("action", try keys.text("action"))
        var commands: [DownstreamCommand] = []
        for node in try keys.list("commands") {
            var command = try MappingReader(node, place: "a command", file: file)
            let target = try command.required("target", try command.text("target"))
            let name = try command.required("command", try command.text("command"))
            let payload = command.node("payload")
            try command.finish()
            if let payload, payload.entries == nil {
                throw SystemError(
                    .invalid, file: file, mark: payload.mark, found: payload.found,
                    expected: "payload: a mapping of keys")
            }
            commands.append(DownstreamCommand(target: target, command: name, payload: payload?.json ?? [:]))
        }
        try keys.finish()
        guard action.utf8.count <= 128, commands.count <= 8 else {
            throw SystemError(
                .invalid, file: file, mark: node.mark, found: node.found,
                expected: "an action of at most 128 bytes and at most 8 commands")
        }
        self.init(action: action, commands: commands)
    }
}

extension YAMLNode {
    /// The value as JSON: what is not quoted and looks like a number or a truth value is one.
    var json: JSON {
        switch content {
        case .scalar(let text, _):
            if isNull { return .null }
            return number.map { .number($0) } ?? boolean.map { .bool($0) } ?? .string(text)
        case .sequence(let elements): return .array(elements.map(\.json))
        case .mapping(let entries):
            return .object(JSONObject(entries.map { JSONObject.Member($0.key, $0.value.json) }))
        }
    }
}
