import NimmerReplay
import NimmerScope
import NimmerScopeSession
import NimmerSystem
import NimmerTerminal
import NimmerThalamus
import NimmerWave

@testable import nimmer

/// A minute of a small nervous system, for pictures: a real thalamus judges waves that follow a script, so that what is shown
/// is what happens. The same every time.
struct Scene {
    static let start = Timestamp(nanoseconds: 1_771_093_800_000_000_000)
    static let milliseconds = 64_000.0

    private(set) var messages: [RecordedMessage] = []
    private var thalamus: Thalamus
    private var number: UInt64 = 0
    private var questions = 0

    /// Plays the script.
    init() throws {
        var configuration = ThalamusConfiguration(environment: .dev)
        configuration.regions = RegionMap([
            .init(region: try Region("math"), patterns: [try SubjectPattern("math"), try SubjectPattern("calculate")])
        ])
        configuration.origins = .asTheyAre
        thalamus = Thalamus(configuration)
        var random = Chance(state: 11)
        for step in 0..<Int(saturating: Self.milliseconds / 100) {
            let time = Double(step) * 100
            try waves(at: time, step: step, &random)
            thalamus.advance(to: Self.moment(time))
            emit(at: time)
            if step % 10 == 9 { attend(at: time) }
        }
        messages = messages.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(
            \.element)
    }

    static func moment(_ time: Double) -> Timestamp { start.advanced(milliseconds: time) }

    /// What the thalamus says of a gate at the end.
    func explanation(of gate: String) -> JSON {
        thalamus.explanation(of: gate, at: Self.moment(Self.milliseconds)) ?? .null
    }

    /// What the thalamus says of all gates at the end.
    var gates: [AttendedGate] { thalamus.gates(at: Self.moment(Self.milliseconds)) }

    private mutating func waves(at time: Double, step: Int, _ random: inout Chance) throws {
        let seconds = time / 1000
        func wiggle(_ size: Double) -> Double { (random.next() - 0.5) * size }
        if step % 2 == 0 {
            // Two witnesses that are sure together twice in the minute.
            let rise = max(bump(seconds, 22, 5), bump(seconds, 50, 6))
            try wave(
                "math", "math", 0.12 + 0.78 * rise + wiggle(0.06), ["operation": "addition", "left": 15, "right": 27],
                time)
            if step % 6 == 0 {
                try wave("calculate", "math", 0.1 + 0.7 * rise + wiggle(0.1), ["agrees": true], time)
            }
        }
        if step % 4 == 1 {
            let spike = abs(seconds - 37.3) < 0.06 ? 0.9 : 0.0
            try wave(
                "vision", "vision", 0.22 + 0.08 * bump(seconds, 30, 20) + spike + wiggle(0.05), ["objects": 2], time)
        }
        if step % 6 == 2 {
            try wave(
                "plan", "plan", 0.45 + 0.25 * bump(seconds, 40, 8) + wiggle(0.1), ["step": "wait"], time, polarity: -1)
            if step % 12 == 2 { try wave("watch", "plan", 0.5 + wiggle(0.1), ["step": "wait"], time, polarity: -1) }
        }
        if step % 10 == 3 {
            try wave(
                "speech", "speech", 0.35 + 0.3 * bump(seconds, 12, 4) + wiggle(0.1), ["heard": "…"], time,
                garden: .virtual)
        }
    }

    /// 1 at a moment, falling off on both sides.
    private func bump(_ seconds: Double, _ middle: Double, _ width: Double) -> Double {
        let distance = (seconds - middle) / width
        return max(0, 1 - distance * distance)
    }

    private mutating func wave(
        _ cell: String, _ region: String, _ confidence: Double, _ content: JSON, _ time: Double, polarity: Int = 1,
        garden: Garden = .real
    ) throws {
        let body = WaveSignal(
            domain: try Token(region), confidence: (min(1, max(0, confidence)) * 1000).rounded() / 1000,
            semanticContent: content, lifeforceCost: 0.1, polarity: polarity,
            origin: cell == region ? nil : try Token(cell))
        let message = Envelope(
            id: id(time), at: Self.moment(time), from: Source(entityID: cell, entityType: .cell, garden: garden), body)
        let payload = message.encoded()
        let subject = "dev.nervous.cells.\(cell).wave"
        add(subject, payload, time)
        let name = Array(subject.utf8)
        _ = try thalamus.receive(subject: name.span.bytes, payload: payload.span.bytes, arrival: nil)
    }

    private mutating func emit(at time: Double) {
        let source = Source(entityID: "thalamus", entityType: .thalamus)
        for item in thalamus.conclusions {
            let message = Envelope(id: item.id, at: item.transition.at, from: source, item.transition)
            add("dev.nervous.gates.\(item.transition.gateID.text).transition", message.encoded(), time + 1)
            if let collapse = message.collapsed { add("dev.nervous.thalamus.collapse", collapse.encoded(), time + 2) }
            if let request = message.escalated {
                add("dev.cognitive.bridge.request", request.encoded(), time + 3)
                answer(request.body, time + 30)
            }
        }
        thalamus.conclusions.removeAll()
    }

    /// The first question is answered by rule, the next ones by a mind that takes its time and has an organ speak.
    private mutating func answer(_ request: CognitiveRequest, _ time: Double) {
        questions += 1
        let isRule = questions == 1
        let answered = isRule ? time : time + 2600
        let body = CognitiveResponse(
            requestID: request.requestID, decision: isRule ? "note it; nothing is to be done" : "say that both agree",
            result: ["acted": .bool(!isRule)],
            downstreamCommands: isRule ? [] : [DownstreamCommand(target: "voice", command: "say", payload: said)],
            mind: isRule ? nil : Mind(model: "qwen2.5:0.5b", server: "http://127.0.0.1:11434"),
            boundary: isRule ? .deterministic : .model, lifeforceSpent: isRule ? 0.2 : 2.4,
            processingTimeMilliseconds: isRule ? 1.4 : 2588, outcome: .answered)
        let bridge = Source(entityID: "cognition-bridge", entityType: .boundary)
        let message = Envelope(id: id(answered), at: Self.moment(answered), from: bridge, body)
        add("dev.cognitive.bridge.response", message.encoded(), answered)
        if isRule { return }
        let order = Envelope(
            id: id(answered), at: Self.moment(answered), from: bridge,
            Command(command: "say", payload: said, deadlineMilliseconds: 5000))
        add("dev.organs.voice.say", order.encoded(), answered + 3)
        let done = Envelope(
            id: id(answered), at: Self.moment(answered + 1800), from: Source(entityID: "voice", entityType: .organ),
            CommandResult(status: .ok, result: ["seconds": 1.7]))
        add("dev.organs.voice.response", done.encoded(), answered + 1800)
    }

    private let said: JSON = ["text": "Both agree."]

    private mutating func attend(at time: Double) {
        let body = thalamus.attention(at: Self.moment(time), wavesPerSecond: 12.7, lost: 0, lostLately: 0)
        let message = Envelope(
            id: id(time), at: Self.moment(time), from: Source(entityID: "thalamus", entityType: .thalamus), body)
        add("dev.nervous.thalamus.attention", message.encoded(), time)
    }

    private mutating func add(_ subject: String, _ payload: [UInt8], _ time: Double) {
        messages.append(RecordedMessage(at: Self.moment(time), subject: subject, payload: payload))
    }

    private mutating func id(_ time: Double) -> MessageID {
        number += 1
        return MessageID(high: 0x019c_0000_0000_7000, low: 0x8000_0000_0000_0000 | number)
    }
}

/// Reproducible chance, 0..<1.
struct Chance {
    var state: UInt64

    mutating func next() -> Double {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Double(state >> 11) / Double(1 << 53)
    }
}
