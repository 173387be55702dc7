import NimmerBus
import NimmerWave
import Synchronization
import Testing

@testable import NimmerBus

@Suite("Requests that name their sender")
struct SharedRequestsTests {
    private static let motor = Subject.request(.dev, cell: token("motor"))
    private static let own = motor.from(token("reflex"))

    private static func token(_ text: String) -> Token { try! Token(text) }  // a literal of this file

    /// What a peer heard.
    private final class Heard: Sendable {
        private let state = Mutex<[String]>([])
        var subjects: [String] { state.withLock { $0 } }
        func add(_ subject: Subject) { state.withLock { $0.append(subject.text) } }
    }

    /// A peer of 2.1 or, with the plain form only and unknown to `$SRV`, of 2.0.
    private func peer(_ bus: InMemoryBus, _ heard: Heard, takesSender: Bool) async throws -> [any Subscription] {
        let handler: DeliveryHandler = { _, _, arrival in
            let message = arrival.message()
            heard.add(message.subject)
            try? bus.respond(to: message, payload: [0x31])
        }
        guard takesSender else { return [try await bus.subscribe(SubjectPattern(Self.motor), handler: handler)] }
        let services = ServiceResponder(
            .init(
                name: "motor", id: "motor-1", version: "1.0.0", summary: "Moves.",
                endpoints: ServiceResponder.Endpoint.shared(
                    name: "request", subject: Self.motor.text, queueGroup: "motor"), started: .now()), bus: bus)
        services.report { ServiceResponder.Statistics() }
        try await services.start()
        return [try await bus.subscribe(shared: Self.motor, queue: Self.token("motor"), handler: handler)]
    }

    /// Somebody who hears everything: with him there, a server never says that nobody serves a subject.
    private func watcher(_ bus: InMemoryBus) async throws {
        _ = try await bus.subscribe(.everything(.dev)) { _, _, _ in }
    }

    @Test(arguments: [true, false])
    func aPeerThatTakesItHearsTheSender(isWatched: Bool) async throws {
        let (bus, heard) = (InMemoryBus(identity: Self.token("reflex")), Heard())
        if isWatched { try await watcher(bus) }
        _ = try await peer(bus, heard, takesSender: true)
        let requests = SharedRequests(bus)
        for _ in 0..<3 {
            #expect(try await requests.request(Self.motor, of: Self.token("motor"), payload: []).payload == [0x31])
        }
        #expect(heard.subjects == Array(repeating: Self.own.text, count: 3))
    }

    @Test(arguments: [true, false])
    func aPeerOfTheOldVersionIsAskedOnceInItsForm(isWatched: Bool) async throws {
        let (bus, heard) = (InMemoryBus(identity: Self.token("reflex")), Heard())
        if isWatched { try await watcher(bus) }
        _ = try await peer(bus, heard, takesSender: false)
        let requests = SharedRequests(bus)
        for _ in 0..<3 {
            #expect(try await requests.request(Self.motor, of: Self.token("motor"), payload: []).payload == [0x31])
        }
        #expect(heard.subjects == Array(repeating: Self.motor.text, count: 3))
    }

    @Test func withoutAnIdentityNothingChanges() async throws {
        let (bus, heard) = (InMemoryBus(), Heard())
        _ = try await peer(bus, heard, takesSender: true)
        _ = try await SharedRequests(bus).request(Self.motor, of: Self.token("motor"), payload: [])
        #expect(heard.subjects == [Self.motor.text])
    }

    @Test func aPeerThatStartsAfterTheFirstRequestHearsTheSender() async throws {
        let (bus, heard) = (InMemoryBus(identity: Self.token("reflex")), Heard())
        let requests = SharedRequests(bus)
        await #expect(throws: BusError.self) {
            try await requests.request(Self.motor, of: Self.token("motor"), payload: [])
        }
        _ = try await peer(bus, heard, takesSender: true)
        _ = try await requests.request(Self.motor, of: Self.token("motor"), payload: [])
        #expect(heard.subjects == [Self.own.text])
    }

    @Test func aPeerThatBecameAnOldOneIsFoundAgain() async throws {
        let (bus, new, old) = (InMemoryBus(identity: Self.token("reflex")), Heard(), Heard())
        let first = try await peer(bus, new, takesSender: true)
        let requests = SharedRequests(bus)
        _ = try await requests.request(Self.motor, of: Self.token("motor"), payload: [])
        for subscription in first { subscription.cancel() }
        _ = try await peer(bus, old, takesSender: false)
        #expect(try await requests.request(Self.motor, of: Self.token("motor"), payload: []).payload == [0x31])
        #expect(new.subjects == [Self.own.text])
        #expect(old.subjects == [Self.motor.text])
    }

    @Test func whatMayHaveBeenHeardIsNotAskedTwice() async throws {
        let (bus, heard) = (InMemoryBus(identity: Self.token("reflex")), Heard())
        try await peer(bus, heard, takesSender: true)[0].cancel()
        let silent = try await bus.subscribe(shared: Self.motor) { _, _, arrival in heard.add(arrival.message().subject)
        }
        let error = await #expect(throws: BusError.self) {
            try await SharedRequests(bus).request(
                Self.motor, of: Self.token("motor"), payload: [], timeout: .milliseconds(50))
        }
        #expect(error?.code == .timeout)
        #expect(heard.subjects == [Self.own.text])
        silent.cancel()
    }

    @Test(arguments: [true, false])
    func aStreamHoldsAMessageOnceInTheFormThatItTakes(takesSender: Bool) async throws {
        let bus = InMemoryBus(identity: Self.token("operator"))
        try await watcher(bus)
        let subject = Subject.cognitiveRequest(.dev)
        try await bus.ensureStream(
            StreamConfiguration(
                name: "DEV-ESCALATIONS",
                subjects: takesSender ? SubjectPattern.shared(subject) : [SubjectPattern(subject)]))
        let id = MessageID.named("question")
        for _ in 0..<2 { try await bus.publishDurably(shared: subject, payload: [1], id: id, timeout: .seconds(60)) }
        let stored = try await bus.read(stream: "DEV-ESCALATIONS")
        #expect(stored.map(\.message.subject) == [takesSender ? subject.from(Self.token("operator")) : subject])
    }

    @Test func aSharedSubscriptionHearsEachMessageOnceAndEndsAsOne() async throws {
        let (bus, one, two) = (InMemoryBus(), Heard(), Heard())
        let members = [
            try await bus.subscribe(shared: Self.motor, queue: Self.token("motor")) { _, _, arrival in
                one.add(arrival.message().subject)
            },
            try await bus.subscribe(shared: Self.motor, queue: Self.token("motor")) { _, _, arrival in
                two.add(arrival.message().subject)
            },
        ]
        for _ in 0..<4 {
            try bus.publish(Self.motor, payload: [])
            try bus.publish(Self.own, payload: [])
        }
        #expect(one.subjects.count + two.subjects.count == 8)
        #expect((one.subjects + two.subjects).filter { $0 == Self.own.text }.count == 4)
        #expect(members.map(\.received).reduce(0, +) == 8)
        let ends = Mutex(0)
        members[0].onEnd { ends.withLock { $0 += 1 } }
        members[0].cancel()
        members[0].cancel()
        #expect(ends.withLock { $0 } == 1)
        try bus.publish(Self.motor, payload: [])
        try bus.publish(Self.own, payload: [])
        #expect(two.subjects.count + one.subjects.count == 10)
        await members[1].drain(timeout: .seconds(60))
        await #expect(throws: BusError.self) { try await bus.request(Self.own, payload: []) }
    }

    @Test func aDenialHoldsForAWhileAndTheRestUntilAFailure() {
        var forms = SenderForms()
        let (motor, math) = (Self.token("motor"), Self.token("math"))
        let start = ContinuousClock.now
        #expect(forms.takesSender(motor, at: start) == nil)
        forms.learn(motor, takesSender: false, at: start)
        forms.learn(math, takesSender: true, at: start)
        #expect(forms.takesSender(motor, at: start + .seconds(29)) == false)
        #expect(forms.takesSender(motor, at: start + .seconds(30)) == nil)
        #expect(forms.takesSender(math, at: start + .seconds(1_000_000)) == true)
        forms.forget(math)
        #expect(forms.takesSender(math, at: start) == nil)
        for number in 0..<SenderForms.maximumPeers {
            forms.learn(Self.token("p\(number)"), takesSender: true, at: start)
        }
        forms.learn(math, takesSender: true, at: start)
        #expect(forms.takesSender(Self.token("p7"), at: start) == nil, "what is known stays bounded")
        #expect(forms.takesSender(math, at: start) == true)
    }

    @Test func theStreamOfAcceptedOutcomesKeepsTheLastOfEachGateForEver() async throws {
        let stream = SystemStreams.outcomesStream(.prod)
        #expect(stream.name == "PROD-OUTCOMES")
        #expect(stream.maximumAge == nil && stream.maximumMessages == nil)
        #expect(stream.storage == .file)
        let bus = InMemoryBus()
        try await SystemStreams.ensure(on: bus, environment: .prod)
        try await bus.ensureStream(stream)
        for number in 0..<300 {
            for gate in ["plant", "office"] where gate == "plant" || number < 2 {
                try await bus.publishDurably(
                    .acceptedOutcome(.prod, gate: try GateID(gate)), payload: [], id: .named("\(gate) \(number)"))
            }
        }
        #expect(try await bus.read(stream: stream.name, filter: .acceptedOutcomes(.prod)).count == 64 + 2)
        #expect(try await bus.stream(SystemStreams.transitions(.prod)).messages == 0)
        #expect(try await bus.stream(SystemStreams.decisions(.prod)).messages == 0)
    }
}
