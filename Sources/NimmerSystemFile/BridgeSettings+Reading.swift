import NimmerSystem
import NimmerWave

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
            var event = try Event(entry, file: file)
            event.mark = entry.mark
            events.append(event)
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
            var regionBudget = RegionBudget(region: entry.key, budget: budget)
            regionBudget.mark = entry.mark
            regionBudgets.append(regionBudget)
        }
        about = try keys.text("about") ?? about
        processSettings = keys.entries(of: ProcessKeys.bridge)
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
        var marks: [YAMLMark] = []
        for node in try keys.list("commands") {
            marks.append(node.mark)
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
        self.marks = marks
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
