import NimmerWave

/// A gate's test case: a configuration, waves, and how far to run; the format of the golden vectors and of
/// `nimmer gate simulate` (gates.md, Gates).
public struct GateCase: Sendable, Hashable {
    /// One step of a case.
    public enum Step: Sendable, Hashable {
        /// A wave arrives.
        case wave(Event)
        /// The outcome of an opening becomes known.
        case outcome(Outcome)

        /// Time, in milliseconds.
        public var at: Double {
            switch self {
            case .wave(let wave): wave.at
            case .outcome(let outcome): outcome.at
            }
        }
    }

    /// An outcome of an opening (trust.md).
    public struct Outcome: Sendable, Hashable {
        /// Time, in milliseconds.
        public var at: Double
        /// Number of the opening, counted from 0.
        public var opening: Int
        /// Indicates whether reality confirmed it.
        public var result: VerificationResult
    }

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
    /// The waves and outcomes in order of arrival; outcomes of one instant before its waves.
    public var steps: [Step]
    /// Time to run on after the last wave, in milliseconds; nil: no further.
    public var until: Double?

    /// Reads a case: `{"config": {…}, "events": [{"at_ms", "origin", "confidence", "polarity", "region", "vector",
    /// "interval_ms"} or {"at_ms", "opening", "outcome"}], "until_ms"}`; each origin is a member.
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
                if member.key == "trust" {
                    guard let source = member.value.string.flatMap(TrustSource.init(rawValue:)) else {
                        throw Self.wrong("config.trust", "declared or earned", member.value)
                    }
                    configuration.trust = source
                    continue
                }
                guard let value = member.value.double else {
                    throw Self.wrong("config.\(member.key)", "a number", member.value)
                }
                try configuration.set(member.key, value)
            }
            if configuration.hearingIsTooLong {
                throw Self.wrong("config.hearing_ms", "0 to 100 windows", settings["hearing_ms"])
            }
        }
        self.configuration = configuration
        guard let list = object["events"]?.array else { throw Self.wrong("events", "a list", object["events"]) }
        var steps: [Step] = []
        for (index, item) in list.enumerated() {
            let step = try Self.step(item, "events[\(index)]")
            steps.insert(step, at: Self.place(of: step, in: steps))
        }
        self.steps = steps
        if let until = object["until_ms"] {
            guard let moment = until.double, abs(moment) < 9e12 else {
                throw Self.wrong("until_ms", "a number of milliseconds", until)
            }
            self.until = moment
        }
    }

    /// The place of a step behind others: at the end, but an outcome comes before waves of its instant.
    private static func place(of step: Step, in steps: [Step]) -> Int {
        var place = steps.count
        guard case .outcome(let outcome) = step else { return place }
        while place > 0, case .wave(let wave) = steps[place - 1], wave.at == outcome.at { place -= 1 }
        return place
    }

    private static func step(_ json: JSON, _ path: String) throws(GateError) -> Step {
        guard json["opening"] != nil || json["outcome"] != nil else { return .wave(try event(json, path)) }
        guard let at = json["at_ms"]?.double, abs(at) < 9e12 else {
            throw wrong("\(path).at_ms", "a number of milliseconds", json["at_ms"])
        }
        guard let opening = json["opening"]?.int, opening >= 0 else {
            throw wrong("\(path).opening", "the number of an opening, counted from 0", json["opening"])
        }
        guard let result = json["outcome"]?.string.flatMap(VerificationResult.init(rawValue:)) else {
            let words = VerificationResult.allCases.map(\.rawValue).joined(separator: ", ")
            throw wrong("\(path).outcome", "one of \(words)", json["outcome"])
        }
        return .outcome(Outcome(at: at, opening: opening, result: result))
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
}
