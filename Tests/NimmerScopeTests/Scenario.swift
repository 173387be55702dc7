import NimmerGate
import NimmerSystem
import NimmerThalamus
import NimmerWave

@testable import NimmerScope

/// Two minutes in the life of a small nervous system, the same every time: cells that speak as the system's cells do, a real
/// thalamus that hears them, a bridge that answers, an organ that obeys.
struct Scenario {
    /// 12:00:00 on the wall.
    static let start = Timestamp(milliseconds: 1_795_262_400_000)

    /// One message as it arrives.
    struct Arrival: Sendable {
        var subject: String
        var payload: [UInt8]
        var at: Timestamp
    }

    private(set) var arrivals: [Arrival] = []
    private var thalamus: Thalamus
    private var number: UInt64 = 0
    private var pending: [(at: Timestamp, request: CognitiveRequest)] = []
    private let environment: Environment

    init(_ environment: Environment = .dev) {
        self.environment = environment
        var configuration = ThalamusConfiguration(environment: environment)
        configuration.gate = { _ in
            var gate = GateConfiguration()
            gate.halfLifeMilliseconds = 6000
            gate.windowMilliseconds = 3000
            return gate
        }
        configuration.escalation.events = [
            "math": "calculation", "plant.pump": "pump_trouble", "vitals": "machine_load",
        ]
        .map { .init(pattern: try! SubjectPattern($0.key), type: $0.value, actions: []) }  // literal patterns
        configuration.escalation.budget = 5
        configuration.origins = .asTheyAre
        thalamus = Thalamus(configuration)
    }

    /// Ids that are the same every time.
    private mutating func id(_ at: Timestamp) -> MessageID {
        number += 1
        return MessageID(
            high: UInt64(at.nanoseconds / 1_000_000) << 16 | 0x7000 | number & 0xfff,
            low: 0x8000_0000_0000_0000 | number &* 0x9e37_79b9_7f4a_7c15 >> 2)
    }

    private mutating func emit<Body: MessageBody>(
        _ subject: Subject, _ body: Body, by source: Source, id: MessageID? = nil, at: Timestamp,
        after delay: Double = 1.4
    ) {
        let message = Envelope(id: id ?? self.id(at), at: at, from: source, body)
        arrivals.append(
            Arrival(subject: subject.text, payload: message.encoded(), at: at.advanced(milliseconds: delay)))
    }

    /// A cell speaks; what the thalamus makes of it follows.
    mutating func wave(
        _ cell: String, region: String, _ confidence: Double, at milliseconds: Double, origin: String? = nil,
        polarity: Int = 1, garden: Garden = .real, content: String = "{}"
    ) throws {
        let at = Self.start.advanced(milliseconds: milliseconds)
        conclude(until: at)
        let signal = WaveSignal(
            domain: try Token(String(region.split(separator: ".").first ?? "")),
            confidence: (min(1, max(0, confidence)) * 100).rounded() / 100,
            semanticContent: .raw(Array(content.utf8)), lifeforceCost: 0.1, region: try Region(region),
            polarity: polarity, origin: try origin.map { try Token($0) })
        let subject = Subject.wave(environment, cell: try Token(cell))
        emit(subject, signal, by: Source(entityID: "\(cell)-1", entityType: .cell, garden: garden), at: at)
        let bytes = Array(subject.text.utf8)
        if let payload = arrivals.last?.payload {
            _ = try thalamus.receive(subject: bytes.span.bytes, payload: payload.span.bytes, arrival: at)
        }
        announce()
    }

    /// A cell reports to people that a change begins or ends.
    mutating func change(
        _ edge: ChangeEdge, _ cell: String, region: String, at milliseconds: Double, value: Double, normal: Double,
        times: Double, spread: (now: Double, normal: Double)? = nil
    ) throws {
        let at = Self.start.advanced(milliseconds: milliseconds)
        let event = ChangeEvent(
            edge: edge, domain: try Token(cell), region: try Region(region), view: spread == nil ? "level" : "spread",
            value: value, normal: normal, times: times, direction: value < normal ? .below : .above,
            confidence: edge == .begin ? 0.96 : 0.17, spread: spread?.now, normalSpread: spread?.normal, at: at)
        emit(
            .change(environment, try Token(cell), isNerve: false), event,
            by: Source(entityID: "\(cell)-1", entityType: .cell), at: at)
    }

    private static let thalamusSource = Source(entityID: "thalamus-1", entityType: .thalamus)

    private mutating func announce() {
        let conclusions = Array(thalamus.conclusions)
        thalamus.conclusions.removeAll()
        for item in conclusions {
            let at = item.transition.at
            emit(
                .transition(environment, gate: item.transition.gateID), item.transition, by: Self.thalamusSource,
                id: item.id, at: at, after: 2.1)
            if let collapse = item.collapse {
                emit(
                    .collapse(environment), collapse, by: Self.thalamusSource, id: collapse.collapseID, at: at,
                    after: 2.3)
            }
            if let request = item.request {
                emit(
                    .cognitiveRequest(environment), request, by: Self.thalamusSource, id: request.requestID, at: at,
                    after: 2.6)
                pending.append((at.advanced(milliseconds: request.domain.text == "math" ? 640 : 3900), request))
            }
        }
    }

    /// Lets time pass: gates release, the bridge answers.
    private mutating func conclude(until now: Timestamp) {
        while let release = thalamus.nextRelease, release <= now {
            thalamus.advance(to: release.advanced(milliseconds: 0.001))
            announce()
        }
        for (at, request) in pending where at <= now { answer(request, at) }
        pending.removeAll { $0.at <= now }
    }

    private mutating func answer(_ request: CognitiveRequest, _ at: Timestamp) {
        let isMath = request.domain.text == "math"
        let response = CognitiveResponse(
            requestID: request.requestID, decision: isMath ? "answer" : "inspect the inlet valve of the pump",
            result: isMath ? ["result": 42] : ["severity": "high", "cause": "inlet valve closing"],
            downstreamCommands: isMath
                ? [] : [DownstreamCommand(target: "speech", command: "say", payload: ["text": "The pump is starved."])],
            mind: isMath ? nil : Mind(model: "qwen2.5:0.5b", server: "http://127.0.0.1:11434"),
            boundary: isMath ? .deterministic : .model, lifeforceSpent: isMath ? 0.1 : 3.2,
            processingTimeMilliseconds: isMath ? 0.4 : 3712, outcome: .answered)
        let bridge = Source(entityID: "bridge-1", entityType: .boundary)
        emit(.cognitiveResponse(environment), response, by: bridge, at: at)
        guard !isMath else { return }
        let speech = try! Subject(foreign: "\(environment.rawValue).organs.speech.say")  // a literal
        emit(
            speech, Command(command: "say", payload: ["text": "The pump is starved."], deadlineMilliseconds: 5000),
            by: bridge,
            at: at.advanced(milliseconds: 4))
        let answer = try! Subject(foreign: "\(environment.rawValue).organs.speech.response")  // a literal
        emit(
            answer, CommandResult(status: .ok, result: ["seconds": 1.8]),
            by: Source(entityID: "speech-1", entityType: .organ),
            at: at.advanced(milliseconds: 1850))
    }

    /// The thalamus says what is open.
    mutating func attention(at milliseconds: Double, wavesPerSecond: Double) {
        let at = Self.start.advanced(milliseconds: milliseconds)
        conclude(until: at)
        thalamus.advance(to: at)
        announce()
        let attention = thalamus.attention(at: at, wavesPerSecond: wavesPerSecond, lost: 0, lostLately: 0)
        emit(.attention(environment), attention, by: Self.thalamusSource, at: at)
    }

    /// What arrived, in the order of its arrival.
    var inOrder: [Arrival] {
        arrivals.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
    }
}

/// A generator whose numbers are the same every time.
struct Chance: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// Around zero, between -1 and 1, seldom far.
    mutating func noise() -> Double {
        (Double.random(in: -1...1, using: &self) + Double.random(in: -1...1, using: &self)) / 2
    }
}

extension Scenario {
    /// The plant, and what its sensors report to people: the pump's flow changes, then its pressure, and the fan's noise for a while.
    static func changes(_ environment: Environment = .dev) throws -> [Arrival] {
        var scenario = Scenario(environment)
        try scenario.change(
            .begin, "vitals", region: "vitals", at: 20_300, value: 61, normal: 24, times: 4.2, spread: (9.5, 2.1))
        try scenario.change(.end, "vitals", region: "vitals", at: 41_000, value: 25, normal: 24.4, times: 0.6)
        try scenario.change(
            .begin, "pump-flow", region: "plant.pump", at: 55_200, value: 31, normal: 31.78, times: 2.923)
        try scenario.change(
            .end, "pump-flow", region: "plant.pump", at: 75_900, value: 31.5, normal: 31.52, times: 0.31)
        return (try plant(environment) + scenario.arrivals).enumerated()
            .sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
    }

    /// A plant with a pump whose inlet valve closes after a minute, a calculator that is asked now and then, the machine's own
    /// vitals, and a rehearsal in the virtual garden.
    static func plant(_ environment: Environment = .dev, seconds: Int = 96) throws -> [Arrival] {
        var scenario = Scenario(environment)
        var chance = Chance(state: 7)
        for tick in 0..<seconds * 4 {
            let at = Double(tick) * 250
            try scenario.pump(at, &chance)
            if tick % 4 == 1 { try scenario.vitals(at + 12, &chance) }
            try scenario.math(at + 57, tick, &chance)
            if tick % 6 == 2 { try scenario.rehearse(at + 91, &chance) }
            if tick % 4 == 3 { scenario.attention(at: at + 180, wavesPerSecond: 38) }
        }
        return scenario.inOrder
    }

    private mutating func pump(_ at: Double, _ chance: inout Chance) throws {
        let second = at / 1000
        let sensors = ["pressure", "flow", "current", "vibration"]
        for (index, sensor) in sensors.enumerated() {
            let onset = 62 + Double(index) * 2.5
            let trouble =
                second < onset ? 0 : min(1, (second - onset) / 9) * (second > 84 ? max(0, 1 - (second - 84) / 6) : 1)
            let calm = 0.07 + 0.05 * chance.noise() * Double(index + 1) / 2
            let confidence = max(0.01, calm + trouble * (0.78 - 0.09 * Double(index)) + trouble * 0.05 * chance.noise())
            let value = 4.2 - 2.4 * trouble + 0.1 * chance.noise()
            try wave(
                "pump", region: "plant.pump", confidence, at: at + Double(index) * 9, origin: sensor,
                content: #"{"sensor":"\#(sensor)","value":\#(decimals(value)),"z":\#(decimals(confidence * 6, 1))}"#)
        }
    }

    private mutating func vitals(_ at: Double, _ chance: inout Chance) throws {
        let second = at / 1000
        for (index, vital) in ["cpu", "memory", "disk", "network"].enumerated() {
            var confidence = 0.12 + 0.08 * chance.noise()
            if index < 2, (20..<29).contains(second) { confidence = 0.62 + 0.12 * chance.noise() - 0.1 * Double(index) }
            if index == 3 { confidence = 0.05 + 0.3 * max(0, chance.noise()) }
            try wave(
                "vitals", region: "vitals", max(0, confidence), at: at + Double(index), origin: vital,
                content: #"{"vital":"\#(vital)","level":\#(decimals(confidence))}"#)
        }
        if Int(saturating: second) % 23 == 11 {
            try wave(
                "watchdog", region: "vitals", 0.7, at: at + 6, polarity: -1,
                content: #"{"load":"expected","job":"nightly build"}"#)
        }
    }

    private mutating func math(_ at: Double, _ tick: Int, _ chance: inout Chance) throws {
        let phase = Double(tick % 120) / 4
        if phase < 12 || tick % 3 == 0 {
            let confidence = 0.42 + 0.3 * Double.sine(phase / 4) + 0.02 * chance.noise()
            try wave(
                "math", region: "math", confidence, at: at,
                content: #"{"operation":"addition","operands":[15,27],"result":42}"#)
        }
        if tick % 120 == 30 {
            try wave("calculate", region: "math", 0.71, at: at + 40, content: #"{"expression":"15 + 27"}"#)
        }
        // One spike of a few milliseconds: what zooming out must not lose.
        if tick == 205 {
            try wave("math", region: "math", 0.99, at: at + 20, content: #"{"operation":"overflow"}"#)
            try wave(
                "math", region: "math", 0.18, at: at + 28,
                content: #"{"operation":"addition","operands":[1,1],"result":2}"#)
        }
    }

    private mutating func rehearse(_ at: Double, _ chance: inout Chance) throws {
        let confidence = 0.5 + 0.22 * Double.sine(at / 9000) + 0.04 * chance.noise()
        try wave(
            "dream", region: "vision", confidence, at: at, garden: .virtual,
            content: #"{"scene":"corridor","obstacles":2}"#)
    }
}

extension Double {
    /// The sine of an angle in radians, by its series: the same on every machine.
    static func sine(_ angle: Double) -> Double {
        let turn = angle - (angle / (2 * Double.pi)).rounded() * 2 * Double.pi
        var term = turn
        var sum = turn
        for step in 1...9 {
            term *= -turn * turn / Double((2 * step) * (2 * step + 1))
            sum += term
        }
        return sum
    }
}
