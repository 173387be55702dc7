import NimmerCognition
import NimmerWave
import Seeds
import Testing

/// One response for each request, and the commands of the stored one only.
@Suite("The book of answers")
struct AnswerTrackerTests {
    /// A delivery: which message of which stream, and how often it was delivered.
    private struct Receipt: Identifiable, Hashable, Sendable {
        let id: Int
        var delivery = 1
    }

    private let now = Sample.now

    private func response(_ name: String, _ decision: String = "inspect", reflex: Bool = false) -> CognitiveResponse {
        CognitiveResponse(
            requestID: .named(name), decision: decision, result: reflex ? ["reflex": true] : [:], outcome: .answered)
    }

    private func words(_ actions: [AnswerTracker<Receipt>.Action]) -> [String] {
        actions.map { action in
            switch action {
            case .schedule: "schedule"
            case .store(let response, let again): "store \(response.decision)\(again ? " again" : "")"
            case .read(_, let sequence, _, let again):
                "read \(sequence.map(String.init) ?? "all")\(again ? " again" : "")"
            case .record(_, let response): "record \(response.decision)"
            case .begin: "begin"
            case .inform(_, _, let again): "tell\(again ? " again" : "")"
            case .acknowledge(let receipts): "ack \(text(receipts))"
            case .giveBack(let receipts): "nak \(text(receipts))"
            }
        }
    }

    private func text(_ receipts: [Receipt]) -> String {
        receipts.sorted { $0.id < $1.id }.map { "\($0.id).\($0.delivery)" }.joined(separator: " ")
    }

    @Test("a request is stored, recorded, and only then acknowledged")
    func order() {
        var book = AnswerTracker<Receipt>()
        #expect(words(book.arrive(Sample.request("a"), Receipt(id: 1))) == ["schedule"])
        #expect(words(book.decided(response("a"), at: now)) == ["store inspect"])
        #expect(words(book.stored(.named("a"), .first)) == ["record inspect"])
        #expect(!book.isAnswered(.named("a")))
        #expect(words(book.recorded(.named("a"))) == ["ack 1.1", "begin"])
        #expect(book.held == 0 && book.isAnswered(.named("a")))
        #expect(words(book.arrive(Sample.request("a"), Receipt(id: 1, delivery: 2))) == ["ack 1.2"])
    }

    @Test("delivered again at any moment, it is not asked again, and the last delivery is acknowledged")
    func redelivered() {
        var book = AnswerTracker<Receipt>()
        _ = book.arrive(Sample.request("a"), Receipt(id: 1))
        #expect(book.arrive(Sample.request("a"), Receipt(id: 1, delivery: 2)).isEmpty, "being asked")
        _ = book.decided(response("a"), at: now)
        #expect(book.arrive(Sample.request("a"), Receipt(id: 1, delivery: 3)).isEmpty, "being stored")
        #expect(book.decided(response("a", "else"), at: now).isEmpty, "decided once")
        _ = book.stored(.named("a"), .first)
        #expect(book.arrive(Sample.request("a"), Receipt(id: 1, delivery: 4)).isEmpty, "being recorded")
        #expect(book.arrive(Sample.request("a"), Receipt(id: 2)).isEmpty, "from another stream")
        #expect(words(book.recorded(.named("a"))) == ["ack 1.4 2.1", "begin"])
        #expect(book.repeated == 4)
    }

    @Test("a stream that holds another response is read, and that one counts")
    func duplicate() {
        var book = AnswerTracker<Receipt>()
        _ = book.arrive(Sample.request("a"), Receipt(id: 1))
        _ = book.decided(response("a", "mine"), at: now)
        #expect(words(book.stored(.named("a"), .repeated(7))) == ["read 7"])
        #expect(words(book.failed(.named("a"), at: now)) == ["read 7 again"])
        #expect(words(book.found(.named("a"), response("a", "theirs"))) == ["record theirs"])
        #expect(words(book.recorded(.named("a"))) == ["ack 1.1", "begin"])
    }

    @Test("a stored response that cannot be read any more commands nothing")
    func unreadable() {
        var book = AnswerTracker<Receipt>()
        _ = book.arrive(Sample.request("a"), Receipt(id: 1))
        _ = book.decided(response("a", "mine"), at: now)
        _ = book.stored(.named("a"), .repeated(7))
        #expect(words(book.found(.named("a"), nil)) == ["ack 1.1"])
    }

    @Test("what failed is stored again; after so long that repetitions may not be known, the stream is read first")
    func failures() {
        var book = AnswerTracker<Receipt>()
        _ = book.arrive(Sample.request("a"), Receipt(id: 1))
        _ = book.decided(response("a", "mine"), at: now)
        #expect(words(book.failed(.named("a"), at: now.advanced(milliseconds: 60_000))) == ["store mine again"])
        let late = now.advanced(milliseconds: AnswerTracker<Receipt>.trustedMilliseconds + 1)
        #expect(words(book.failed(.named("a"), at: late)) == ["read all again"])
        #expect(words(book.found(.named("a"), nil)) == ["store mine again"])
        #expect(words(book.failed(.named("a"), at: late)) == ["read all again"])
        #expect(words(book.found(.named("a"), response("a", "theirs"))) == ["record theirs"])
    }

    @Test("merged requests are answered each for itself, and may have been answered otherwise before")
    func merged() {
        var book = AnswerTracker<Receipt>()
        for (id, name) in ["a", "b", "c"].enumerated() { _ = book.arrive(Sample.request(name), Receipt(id: id)) }
        let actions = book.decided(response("c"), merged: [.named("a"), .named("b")], at: now)
        #expect(words(actions) == ["store merged", "store merged", "store inspect"])
        #expect(words(book.stored(.named("a"), .repeated(4))) == ["read 4"])
        #expect(words(book.found(.named("a"), response("a", "theirs"))) == ["record theirs"])
        #expect(words(book.stored(.named("b"), .first)) == ["record merged"])
        #expect(words(book.recorded(.named("b"))) == ["ack 1.1", "begin"])
        #expect(book.held == 2)
    }

    @Test("what is given back may come again as if for the first time")
    func givenBack() {
        var book = AnswerTracker<Receipt>()
        _ = book.arrive(Sample.request("a"), Receipt(id: 1))
        #expect(words(book.givenBack(.named("a"))) == ["nak 1.1"])
        #expect(book.givenBack(.named("a")).isEmpty)
        #expect(words(book.arrive(Sample.request("a"), Receipt(id: 1, delivery: 2))) == ["schedule"])
    }

    @Test("minds are informed before the request is acknowledged, by the next process where this one dies")
    func informing() {
        var book = AnswerTracker<Receipt>()
        let told = Sample.request("told")
        _ = book.arrive(Sample.request("a"), Receipt(id: 1), informing: [told])
        _ = book.decided(response("a", "halt", reflex: true), informing: [told], at: now)
        _ = book.stored(.named("a"), .first)
        #expect(words(book.recorded(.named("a"))) == ["begin", "tell"])
        #expect(words(book.failed(.named("a"), at: now)) == ["tell again"])
        #expect(words(book.informed(told.requestID, after: .named("a"))) == ["ack 1.1"])
        var next = AnswerTracker<Receipt>()
        next.recall(response("a", "halt", reflex: true))
        #expect(words(next.arrive(Sample.request("a"), Receipt(id: 1, delivery: 2), informing: [told])) == ["tell"])
        #expect(words(next.informed(told.requestID, after: .named("a"))) == ["ack 1.2"])
    }

    @Test("of another's response no mind is informed of what the own reflex would have done")
    func notTold() {
        var book = AnswerTracker<Receipt>()
        _ = book.arrive(Sample.request("a"), Receipt(id: 1))
        _ = book.decided(response("a", "halt", reflex: true), informing: [Sample.request("told")], at: now)
        _ = book.stored(.named("a"), .repeated(3))
        _ = book.found(.named("a"), response("a", "expired"))
        #expect(words(book.recorded(.named("a"))) == ["ack 1.1", "begin"])
    }

    /// A stream and two bridges that lose acknowledgements, die and are delivered to again, at random.
    @Test(
        "whatever is lost, repeated and killed: one response, and its commands only",
        arguments: 0..<100)
    func property(seed: UInt64) {
        var random = Seeded(seed + 1)
        var world = World(requests: (0..<6).map { "r\($0)" })
        for _ in 0..<600 { world.step(&random) }
        world.settle()
        #expect(world.problems.isEmpty, "\(world.problems)")
        #expect(world.acknowledged.count == 6)
    }

    private struct World {
        let requests: [String]
        var books = [AnswerTracker<Receipt>(), AnswerTracker<Receipt>()]
        var todo: [[AnswerTracker<Receipt>.Action]] = [[], []]
        /// What the stream holds, in order.
        var stream: [CognitiveResponse] = []
        var acknowledged: Set<Int> = []
        /// Which response's commands were recorded for a request.
        var recorded: [MessageID: Set<String>] = [:]
        var deliveries = 0
        var decisions = 0
        var problems: [String] = []

        init(requests: [String]) { self.requests = requests }

        mutating func step(_ random: inout Seeded) {
            let bridge = Int.random(in: 0...1, using: &random)
            switch Int.random(in: 0..<20, using: &random) {
            case 0:
                // It dies, and the next life reads the stream.
                books[bridge] = AnswerTracker()
                for response in stream { books[bridge].recall(response) }
                todo[bridge] = []
            case 1...6: deliver(Int.random(in: 0..<requests.count, using: &random), to: bridge)
            default:
                guard !todo[bridge].isEmpty else { return }
                let action = todo[bridge].remove(at: Int.random(in: 0..<todo[bridge].count, using: &random))
                perform(action, bridge, loses: Int.random(in: 0..<4, using: &random))
            }
        }

        /// Delivers until everything is acknowledged, without a loss.
        mutating func settle() {
            for _ in 0..<10 {
                for place in requests.indices { deliver(place, to: 0) }
                for bridge in 0...1 {
                    while let action = todo[bridge].popLast() { perform(action, bridge, loses: 3) }
                }
            }
        }

        mutating func deliver(_ place: Int, to bridge: Int) {
            guard !acknowledged.contains(place) else { return }
            deliveries += 1
            todo[bridge] += books[bridge].arrive(
                Sample.request(requests[place]), Receipt(id: place, delivery: deliveries))
        }

        /// - Parameter loses: 0: what is asked for does not happen; 1: it does, and nobody is told; else all is well.
        mutating func perform(_ action: AnswerTracker<Receipt>.Action, _ bridge: Int, loses: Int) {
            var next: [AnswerTracker<Receipt>.Action] = []
            switch action {
            case .schedule(let request):
                decisions += 1
                let response = CognitiveResponse(
                    requestID: request.requestID, decision: "d\(decisions)", result: [:], outcome: .answered)
                next = books[bridge].decided(response, at: Sample.now)
            case .store(let response, _):
                let id = response.requestID
                let held = stream.firstIndex { $0.requestID == id }
                if held == nil, loses > 0 { stream.append(response) }
                next =
                    loses < 2
                    ? books[bridge].failed(id, at: Sample.now)
                    : books[bridge].stored(id, held.map { .repeated(UInt64($0)) } ?? .first)
            case .read(let id, let sequence, _, _):
                let found = sequence.map { stream[Int($0)] } ?? stream.first { $0.requestID == id }
                next = loses < 2 ? books[bridge].failed(id, at: Sample.now) : books[bridge].found(id, found)
            case .record(let id, let response):
                recorded[id, default: []].insert(response.decision)
                if stream.first(where: { $0.requestID == id }) != response { problems.append("\(id): not the stored") }
                next = books[bridge].recorded(id)
            case .begin(let id):
                if recorded[id] == nil { problems.append("\(id): commands without a record") }
            case .inform(let request, let id, _): next = books[bridge].informed(request.requestID, after: id)
            case .acknowledge(let receipts):
                for receipt in receipts {
                    let id = MessageID.named(requests[receipt.id])
                    if recorded[id] == nil, !stream.contains(where: { $0.requestID == id }) {
                        problems.append("\(id): acknowledged without a response")
                    }
                    acknowledged.insert(receipt.id)
                }
            case .giveBack: break
            }
            todo[bridge] += next
        }
    }
}
