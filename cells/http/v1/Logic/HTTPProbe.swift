import NimmerCell
import NimmerSensing
import NimmerWave
import NimmerWeb

/// State of an http cell.
public enum ProbeState: String, Sendable {
    /// It does not know yet what is normal. Can transition to every other.
    case learning = "LEARNING"
    /// The server answers as it usually does. Can transition to every other.
    case calm = "CALM"
    /// Something lasting has changed, more likely than not. Can transition to every other.
    case surprised = "SURPRISED"
    /// The server does not answer, or not as expected. Can transition to every other.
    case down = "DOWN"
}

/// The http cell: asks one server, and judges whether it answers, how fast, and a number in the answer.
///
/// A failed look is certain; latency and number are judged as a sensor's (sensing.md). All of it is one witness: one server.
public struct HTTPProbe<Client: WebClient>: NumberCell, Learner {
    public typealias Options = HTTPOptions
    public static var manifest: Manifest { .http }
    public static var initialState: String { ProbeState.learning.rawValue }
    /// True: no answer, in a recording.
    public static var takesInfinity: Bool { true }

    /// State.
    public internal(set) var state = ProbeState.learning
    /// Source and settings of learning, in words: what was learned under others is not taken over.
    public let learnsFrom: String
    /// Judge of the latency, in milliseconds.
    var latency: ValueJudge
    /// Judge of the number; it sees nothing where the setting `path` is not set.
    var value: ValueJudge

    private let request: WebRequest?
    private let client: Client
    private let expected: WebStatuses
    private let path: String?
    private let neededFailures: Int
    private let floor: Double
    /// Texts of the answers, with what they turned out to be: decimal mark and unit.
    private var text: NumberColumn
    private var sentinels: Sentinels
    /// Failed looks in a row.
    private var failures = 0
    /// Looks without a latency since the last one.
    private var missed = 0
    /// Looks since the last number, of a cell with a path.
    private var unread = 0
    private var isAsking = false

    /// A cell that has seen nothing.
    public init(_ settings: Settings<HTTPOptions>) throws {
        expected = try WebStatuses(settings.expected, field: "expected")
        try NumberPath.check(settings.path)
        path = settings.path
        if settings.tokenFile != nil, settings.url == nil {
            throw Refusal(.missing, field: "url", "url must be set where token_file is")
        }
        client = Client(
            try WebClientSettings(
                authorities: settings.authorities, tokenFile: settings.tokenFile, tokenHeader: settings.tokenHeader))
        request = try settings.url.map { text throws(Refusal) in
            WebRequest(
                try WebAddress(text, field: "url"), timeout: settings.timeout,
                bodyLimit: settings.path == nil ? nil : settings.bodyLimit, redirects: settings.redirects)
        }
        text = NumberColumn(decimal: try settings.decimal.map { text throws(Refusal) in try DecimalMark(text) })
        sentinels = try Sentinels(minimum: settings.minimum, maximum: settings.maximum, ignore: settings.ignore)
        neededFailures = settings.failures
        floor = settings.floor
        var tuning = DetectorSettings()
        tuning.learningSamples = settings.learningSamples
        try tuning.validate()
        // Faster than usual is never the matter.
        latency = ValueJudge(tuning, side: .above, reportsChanges: settings.changes && settings.path == nil)
        value = ValueJudge(tuning, side: .both, reportsChanges: settings.changes)
        learnsFrom = Self.words(settings, tuning)
    }

    public func checkSource() throws {
        guard request != nil else {
            throw Refusal(.missing, field: "url", "url must be set: the address that is asked")
        }
        try client.checkFiles()
    }

    /// Asks, unless the look before is still under way.
    public mutating func sense(_ pulse: inout Pulse) throws {
        guard let request, !isAsking else { return }
        isAsking = true
        pulse.begin("look") { [client, path] in try await Self.look(client, request, path) }
    }

    /// Asks the server, beside the cell.
    private static func look(_ client: Client, _ request: WebRequest, _ path: String?) async throws -> JSON {
        let answer = try await client.send(request)
        var seen: JSONObject = ["status": .number(Double(answer.status)), "latency_ms": .number(answer.latency)]
        guard let path else { return .object(seen) }
        if answer.isCut {
            seen["problem"] = .string("its answer is longer than \(answer.body.count) bytes")
        } else {
            do throws(Refusal) {
                seen["value"] = try NumberText.value(in: answer.body, path: path)
            } catch {
                // What was found may be a page with anything in it.
                let packed = answer.encoding ?? PackedFile(startOf: answer.body)?.program
                seen["problem"] = .string(
                    packed.map { "its answer is packed (\($0)), which was not asked for; expected JSON" }
                        ?? error.message)
            }
        }
        return .object(seen)
    }

    public mutating func finished(
        _ work: String, _ outcome: Result<JSON, any Error>, _ pulse: inout Pulse
    ) throws -> Answer {
        isAsking = false
        switch outcome {
        case .success(let seen): take(seen, &pulse)
        case .failure(let failure as WebFailure):
            if failure.kind != .cancelled {
                fail(failure.kind.rawValue, failure.description, status: nil, &pulse)
            }
        case .failure: break
        }
        return .done([:])
    }

    /// Takes a recorded reading: the number, or without a path the latency in milliseconds; infinity where there was no answer.
    public mutating func read(_ number: Double, _ pulse: inout Pulse) throws {
        guard number.isFinite else { return fail("unreachable", "no answer in the recording", status: nil, &pulse) }
        guard Detector.accepts(number) else { throw Detector.refusal(of: number) }
        if path == nil {
            judge(status: nil, latency: number, number: nil, &pulse)
        } else {
            judge(status: nil, latency: nil, number: number, &pulse)
        }
    }

    private mutating func take(_ seen: JSON, _ pulse: inout Pulse) {
        let status = seen["status"]?.int ?? 0
        guard expected.contains(status) else {
            let name = (300..<400).contains(status) ? " (a redirect, which is not followed)" : ""
            return fail("status", "status \(status)\(name); expected \(expected)", status: status, &pulse)
        }
        let latency = seen["latency_ms"]?.double
        guard path != nil else { return judge(status: status, latency: latency, number: nil, &pulse) }
        if let problem = seen["problem"]?.string { return fail("answer", problem, status: status, &pulse) }
        switch text.read(seen["value"] ?? .null) {
        case .number(let number) where Detector.accepts(number):
            judge(status: status, latency: latency, number: number, &pulse)
        case .gap: judge(status: status, latency: latency, number: nil, &pulse)
        case .number, .unreadable:
            let found = seen["value"]?.text.visible(limit: 40) ?? ""
            fail(
                "answer", "found \(found) at \(path ?? ""); expected a number within ±1e150", status: status, &pulse)
        }
    }

    /// A look that failed: certain, once there are as many in a row as the setting asks for.
    private mutating func fail(_ reason: String, _ detail: String, status: Int?, _ pulse: inout Pulse) {
        pulse.countReading()
        failures += 1
        missed += 1
        let confidence = min(1, Double(failures) / Double(neededFailures))
        if failures >= neededFailures { enter(.down, "\(reason): \(detail)", &pulse) }
        var content: JSONObject = [
            "of": "answer", "reason": .string(reason), "detail": .string(String(detail.prefix(200))),
            "failures": .number(Double(failures)),
        ]
        content["status"] = status.map { .number(Double($0)) }
        if confidence >= floor { pulse.emit(confidence: confidence, .object(content)) }
    }

    /// An answer as expected: what it took and what it holds are judged.
    private mutating func judge(status: Int?, latency: Double?, number: Double?, _ pulse: inout Pulse) {
        var number = number
        if let found = number, let sentinel = sentinels.take(found) {
            pulse.countSentinel("\(sentinel)", isNew: sentinel.isNew)
            number = nil
        }
        // A number that is no longer there is silence, however well the server answers.
        if path == nil || number != nil { pulse.countReading() }
        let missing = max(pulse.missing, missed)
        (failures, missed) = (0, 0)
        var seen: [(of: String, seen: Observation)] = []
        let slow = latency.flatMap { self.latency.observe($0, missing: missing, &pulse) }
        // Answers come fast, too, while their time varies more than usual.
        if let slow, slow.value > slow.normal { seen.append(("latency_ms", slow)) }
        if let number {
            if let found = value.observe(number, missing: missing + unread, &pulse) { seen.append(("value", found)) }
            unread = 0
        } else if path != nil {
            // Time that passes for the number, too.
            unread += missing + 1
        }
        let isLearning = path == nil ? self.latency.isLearning : value.isLearning
        let judge = path == nil ? self.latency : value
        pulse.showProgress(judge.detector.age, of: judge.detector.settings.learningSamples)
        let loudest = seen.max { $0.seen.confidence < $1.seen.confidence }
        settle(loudest, atLeast: slow?.confidence ?? 0, isLearning: isLearning, &pulse)
        guard let loudest, loudest.seen.confidence >= floor, loudest.seen.confidence > 0 else { return }
        var content: JSONObject = ["of": .string(loudest.of)]
        for member in loudest.seen.content.object ?? [:] { content[member.key] = member.value }
        content["status"] = status.map { .number(Double($0)) }
        if loudest.of != "latency_ms", let latency { content["latency_ms"] = .number(short(latency)) }
        pulse.emit(confidence: loudest.seen.confidence, .object(content))
    }

    /// - Parameter spell: confidence that the latency has changed; it keeps a surprise from ending, and begins none.
    private mutating func settle(
        _ loudest: (of: String, seen: Observation)?, atLeast spell: Double, isLearning: Bool, _ pulse: inout Pulse
    ) {
        let before: SensingState = state == .surprised ? .surprised : state == .learning ? .learning : .calm
        let confidence = max(loudest?.seen.confidence ?? 0, before == .surprised ? spell : 0)
        let next = before.next(confidence, isLearning: isLearning, floor: floor)
        switch next {
        case .learning: enter(.learning, "still learning what is normal", &pulse)
        case .calm: enter(.calm, "it answers as it usually does", &pulse)
        case .surprised: enter(.surprised, loudest.map { "\($0.of): \($0.seen.sentence)" } ?? "", &pulse)
        }
    }

    private mutating func enter(_ next: ProbeState, _ reason: String, _ pulse: inout Pulse) {
        guard next != state else { return }
        state = next
        pulse.enter(next.rawValue, reason: reason)
    }
}
