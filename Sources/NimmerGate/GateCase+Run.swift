import NimmerWave

extension GateCase {
    /// Runs the case.
    ///
    /// - Returns: `trace` (verdict, potential and state after each step; under earned trust also the wave's trust, voice, gain, lift and
    ///   hearing), `transitions`, `final`, and under earned trust `trust` by origin.
    public func run() -> JSON {
        var run = GateCaseRun(self)
        for step in steps { run.take(step) }
        return run.end(until: until)
    }
}

/// A case under way.
private struct GateCaseRun {
    private let origins: [String: Int32]
    private let regions: [String: Int32]
    private var gate: Gate
    private var transitions: ContiguousArray<Transition> = []
    private var trace: [JSON] = []
    private var openings = 0
    private var judged: Set<Int> = []

    private var isEarned: Bool { gate.configuration.trust == .earned }

    init(_ test: GateCase) {
        let waves = test.steps.compactMap { step in if case .wave(let wave) = step { wave } else { nil } }
        let numbers = { (names: Set<String>) in
            Dictionary(uniqueKeysWithValues: names.sorted().enumerated().map { ($1, Int32($0)) })
        }
        origins = numbers(Set(waves.map(\.origin)))
        regions = numbers(Set(waves.map(\.region)))
        gate = Gate(test.configuration)
    }

    mutating func take(_ step: GateCase.Step) {
        var entry: JSONObject
        switch step {
        case .wave(let wave): entry = take(wave)
        case .outcome(let outcome):
            if isEarned {
                gate.learn(outcome.result, of: Self.id(outcome.opening))
            } else if outcome.opening < openings, judged.insert(outcome.opening).inserted {
                gate.learn(outcome.result)
            }
            entry = ["verdict": "learned"]
        }
        entry["potential"] = .number(gate.potential)
        entry["state"] = .string(gate.state.word)
        trace.append(.object(entry))
    }

    private mutating func take(_ event: GateCase.Event) -> JSONObject {
        let wave = Evidence(
            origin: origins[event.origin] ?? 0, region: regions[event.region] ?? 0, polarity: event.polarity,
            confidence: event.confidence, at: Timestamp(milliseconds: event.at))
        if event.interval > 0 { gate.note(interval: event.interval, of: wave.origin) }
        let known = transitions.count
        let verdict = gate.receive(wave, vector: event.vector, into: &transitions)
        for transition in transitions[known...] where transition.from == .stable && transition.to == .open {
            gate.nameOpening(Self.id(openings))
            openings += 1
        }
        guard isEarned, verdict == .resonated else { return ["verdict": .string(verdict.rawValue)] }
        var entry: JSONObject = [
            "verdict": .string(verdict.rawValue), "trust": .number(gate.last.trust),
            "voice": .number(gate.last.voice), "gain": .number(gate.last.gain), "lift": .number(gate.last.lift),
            "hearing": .string(gate.last.hearing.word),
        ]
        if case .refused(let passed, let needed) = gate.last.hearing {
            entry["occasions"] = .number(Double(passed))
            entry["needed"] = .number(needed)
        }
        return entry
    }

    private static func id(_ opening: Int) -> MessageID { .named("opening \(opening)") }

    mutating func end(until: Double?) -> JSON {
        if let until { gate.advance(to: Timestamp(milliseconds: until), into: &transitions) }
        var final: JSONObject = [
            "potential": .number(gate.potential), "state": .string(gate.state.word),
            "at_ms": .number(gate.time?.milliseconds ?? 0),
        ]
        if gate.interval > 0 {
            final["window_ms"] = .number(gate.windowMilliseconds)
            final["half_life_ms"] = .number(gate.halfLifeMilliseconds)
        }
        var result: JSONObject = [
            "trace": .array(trace),
            "transitions": .array(
                transitions.map {
                    [
                        "at_ms": .number($0.at.milliseconds), "from": .string($0.from.word), "to": .string($0.to.word),
                        "potential": .number($0.potential),
                    ]
                }),
        ]
        if isEarned { result["trust"] = .object(trust) }
        result["final"] = .object(final)
        return .object(result)
    }

    private var trust: JSONObject {
        var found: JSONObject = [:]
        for (name, origin) in origins.sorted(by: { $0.key < $1.key }) {
            guard let record = gate.records.first(where: { $0.origin == origin }) else { continue }
            found[name] = [
                "ok": .number(record.confirmed), "failed": .number(record.failed),
                "trust": .number(gate.trust(in: origin)),
            ]
        }
        return found
    }
}
