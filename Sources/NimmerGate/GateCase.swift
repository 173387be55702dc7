import NimmerWave

/// A gate's test case: a configuration, waves, and how far to run; the format of the golden vectors and of
/// `nimmer gate simulate` (gates.md, Gates).
public struct GateCase: Sendable, Hashable {
    /// One wave of a case.
    public struct Event: Sendable, Hashable {
        /// Time, in milliseconds.
        public var at: Double
        /// Origin that makes the witness independent.
        public var origin: String
        /// Confidence, 0…1.
        public var confidence: Double
        /// `1` asserts, `-1` denies.
        public var polarity: Int8
        /// The semantic region.
        public var region: String
        /// The embedding; empty without one.
        public var vector: [Double]
        /// The interval at which its sender senses, in milliseconds; 0 where it states none.
        public var interval = 0.0
    }

    /// The case's name; empty when it has none.
    public var name: String
    /// Configuration of the gate.
    public var configuration: GateConfiguration
    /// The waves in order of arrival.
    public var events: [Event]
    /// Time to run on after the last wave, in milliseconds; nil: no further.
    public var until: Double?

    /// Reads a case: `{"config": {…}, "events": [{"at_ms", "origin", "confidence", "polarity", "region", "vector",
    /// "interval_ms"}], "until_ms"}`; each origin is a member.
    ///
    /// - Throws: a ``GateError`` that names the field, what was found and what was expected.
    public init(_ json: JSON) throws(GateError) {
        guard let object = json.object else { throw Self.wrong("the case", "an object", json) }
        for key in object.keys where !["name", "config", "events", "until_ms", "expected"].contains(key) {
            throw GateError(
                key: key, message: "\(key) is no field of a case; expected name, config, events, until_ms or expected")
        }
        name = object["name"]?.string ?? ""
        var configuration = GateConfiguration()
        if let settings = object["config"] {
            guard let settings = settings.object else { throw Self.wrong("config", "an object", settings) }
            for member in settings.members {
                guard let value = member.value.double else {
                    throw Self.wrong("config.\(member.key)", "a number", member.value)
                }
                try configuration.set(member.key, value)
            }
        }
        self.configuration = configuration
        guard let list = object["events"]?.array else { throw Self.wrong("events", "a list", object["events"]) }
        var events: [Event] = []
        for (index, item) in list.enumerated() { events.append(try Self.event(item, "events[\(index)]")) }
        self.events = events
        if let until = object["until_ms"] {
            guard let moment = until.double, abs(moment) < 9e12 else {
                throw Self.wrong("until_ms", "a number of milliseconds", until)
            }
            self.until = moment
        }
    }

    private static func event(_ json: JSON, _ path: String) throws(GateError) -> Event {
        guard json.object != nil else { throw wrong(path, "an object", json) }
        guard let at = json["at_ms"]?.double, abs(at) < 9e12 else {
            throw wrong("\(path).at_ms", "a number of milliseconds", json["at_ms"])
        }
        guard let origin = json["origin"]?.string else { throw wrong("\(path).origin", "a text", json["origin"]) }
        guard let confidence = json["confidence"]?.double, confidence >= 0, confidence <= 1 else {
            throw wrong("\(path).confidence", "a number between 0 and 1", json["confidence"])
        }
        let polarity = json["polarity"] ?? 1
        guard polarity.int == 1 || polarity.int == -1 else { throw wrong("\(path).polarity", "1 or -1", polarity) }
        let region = json["region"] ?? ""
        guard let region = region.string else { throw wrong("\(path).region", "a text", region) }
        var vector: [Double] = []
        if let given = json["vector"], !given.isNull {
            guard let items = given.array else { throw wrong("\(path).vector", "a list of numbers", given) }
            vector = items.compactMap { $0.double.flatMap { $0.isFinite ? $0 : nil } }
            guard vector.count == items.count else { throw wrong("\(path).vector", "a list of finite numbers", given) }
        }
        var interval = 0.0
        if let given = json["interval_ms"], !given.isNull {
            guard let value = given.double, value > 0, value <= Wire.maximumInterval else {
                let expected = FieldKind.positive(Wire.maximumInterval).expectation
                throw wrong("\(path).interval_ms", expected, given)
            }
            interval = value
        }
        return Event(
            at: at, origin: origin, confidence: confidence, polarity: Int8(polarity.int ?? 1), region: region,
            vector: vector, interval: interval)
    }

    private static func wrong(_ field: String, _ expected: String, _ found: JSON?) -> GateError {
        let text = found.map { String($0.text.prefix(80)) } ?? "nothing"
        return GateError(key: field, message: "\(field) must be \(expected); found \(text)")
    }

    /// Runs the case.
    ///
    /// - Returns: `trace` (verdict, potential and state after each wave), `transitions` and `final`.
    public func run() -> JSON {
        let numbers = { (names: Set<String>) in
            Dictionary(uniqueKeysWithValues: names.sorted().enumerated().map { ($1, Int32($0)) })
        }
        let origins = numbers(Set(events.map(\.origin)))
        let regions = numbers(Set(events.map(\.region)))
        var gate = Gate(configuration)
        var transitions: ContiguousArray<Transition> = []
        var trace: [JSON] = []
        for event in events {
            let wave = Evidence(
                origin: origins[event.origin] ?? 0, region: regions[event.region] ?? 0, polarity: event.polarity,
                confidence: event.confidence, at: Timestamp(milliseconds: event.at))
            if event.interval > 0 { gate.note(interval: event.interval, of: wave.origin) }
            let verdict = gate.receive(wave, vector: event.vector, into: &transitions)
            trace.append([
                "verdict": .string(verdict.rawValue), "potential": .number(gate.potential),
                "state": .string(gate.state.word),
            ])
        }
        if let until { gate.advance(to: Timestamp(milliseconds: until), into: &transitions) }
        var final: JSONObject = [
            "potential": .number(gate.potential), "state": .string(gate.state.word),
            "at_ms": .number(gate.time?.milliseconds ?? 0),
        ]
        if gate.interval > 0 {
            final["window_ms"] = .number(gate.windowMilliseconds)
            final["half_life_ms"] = .number(gate.halfLifeMilliseconds)
        }
        return [
            "trace": .array(trace),
            "transitions": .array(
                transitions.map {
                    [
                        "at_ms": .number($0.at.milliseconds), "from": .string($0.from.word), "to": .string($0.to.word),
                        "potential": .number($0.potential),
                    ]
                }),
            "final": .object(final),
        ]
    }
}
