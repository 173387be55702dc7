import CNATS
import Glibc
import NimmerBus
import NimmerPlatform
import NimmerWave
import Synchronization
import Testing

@testable import NimmerBusNATS
@testable import NimmerIdentity
@testable import NimmerServers

/// Each identity against a real server with the generated configuration: what it may do is what was written down by hand, and
/// the server refuses everything else.
@Suite("Generated identities", .serialized, .timeLimit(.minutes(5)))
struct DenyTests {
    @Test(arguments: await Servers.installed())
    func everyPartMayOnlyWhatItNeeds(_ binary: NATSBinary) async throws {
        try await Ground.with(binary) { ground in
            let others: Set<String> = ["speech", "poem"]
            #expect(Set(ground.grants.map(\.name)) == Set(Catalogue.everybody).union(others))
            for name in Catalogue.everybody {
                let subjects = Catalogue.subjects
                let unpublished = try await ground.refused(name, .publish, subjects)
                let publishes = Set(subjects).subtracting(unpublished)
                let allowed = Catalogue.mayPublish(name)
                #expect(publishes.subtracting(allowed).isEmpty, "\(name) may publish too much on \(binary)")
                #expect(allowed.subtracting(publishes).isEmpty, "\(name) cannot publish what it needs on \(binary)")

                let patterns = subjects + Catalogue.wide
                let unread = try await ground.refused(name, .subscribe, patterns)
                let reads = Set(patterns).subtracting(unread)
                let readable = Catalogue.maySubscribe(name)
                #expect(reads.subtracting(readable).isEmpty, "\(name) may read too much on \(binary)")
                #expect(readable.subtracting(reads).isEmpty, "\(name) cannot read what it needs on \(binary)")
            }
        }
    }

    /// The system file makes the page an operator's: it gains outcomes in its own name, and nothing else.
    @Test(arguments: await Servers.installed())
    func thePageActsWhereTheFileLetsIt(_ binary: NATSBinary) async throws {
        try await Ground.with(binary, Ground.acting) { ground in
            let subjects = Catalogue.subjects
            let refused = try await ground.refused(Catalogue.page, .publish, subjects)
            #expect(Set(subjects).subtracting(refused) == Catalogue.mayPublish(Catalogue.page, isActing: true))
            let patterns = subjects + Catalogue.wide
            let unread = try await ground.refused(Catalogue.page, .subscribe, patterns)
            #expect(Set(patterns).subtracting(unread) == Catalogue.maySubscribe(Catalogue.page))
        }
    }

    @Test(arguments: await Servers.installed())
    func onlyThoseWithAKeyComeIn(_ binary: NATSBinary) async throws {
        try await Ground.with(binary) { ground in
            var unknownVariables = [ground.settings("math"), ground.settings("math"), ground.settings("math")]
            unknownVariables[0].credentials = .none
            unknownVariables[1].credentials = .password(user: "math", password: "math")
            let pair = try await OpenSSL.makeKeyPair()
            let path = ground.folder + "/stranger.nk"
            try SmallFile.write(
                "\(NKey.userSeed(pair.seed))\n\(NKey.userPublicKey(pair.publicKey))\n", to: path, mode: 0o600)
            unknownVariables[2].credentials = .file(path)
            for settings in unknownVariables {
                let error = await #expect(throws: BusError.self) { try await NATSBus.open(settings) }
                #expect(error?.code == .badCredentials)
            }
        }
    }

    /// nats.c cannot send one signature in 256: of 512 attempts at least one had to be made again (but for 1 run in 7).
    @Test(arguments: await Servers.installed())
    func aGoodKeyIsNeverRefused(_ binary: NATSBinary) async throws {
        try await Ground.with(binary) { ground in
            for _ in 0..<512 { await (try ground.open("math")).close() }
        }
    }

    @Test
    func aSignatureThatCannotBeSentWantsAnotherNonce() throws {
        let signer = Signer(seed: "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY")
        func sign(_ nonce: String) -> (status: natsStatus, first: UInt8?) {
            var signature: UnsafeMutablePointer<UInt8>?
            var length: Int32 = 0
            let status = Signer.onSignature(nil, &signature, &length, nonce, signer.pointer)
            defer { free(signature) }
            return (status, signature?.pointee)
        }
        let sent = sign("lNfVf6yJHKPvFsl")
        #expect(sent.status == NATS_OK)
        #expect(sent.first != 0)
        #expect(!signer.needsAnotherNonce)
        // Ed25519 is deterministic: the signature of this nonce under this key begins with 0x00.
        #expect(sign("lNfVf6yJHKPvFsk").status == NATS_ILLEGAL_STATE)
        #expect(signer.needsAnotherNonce)
    }

    @Test(arguments: await Servers.installed())
    func whoeverAsksIsAnsweredAndNobodyElseHears(_ binary: NATSBinary) async throws {
        try await Ground.with(binary) { ground in
            let cell = try await ground.open("math")
            let asker = try await ground.open("operator")
            let request = Subject.request(.dev, cell: try Token("math"))
            _ = try await cell.subscribe(SubjectPattern(request)) { _, _, arrival in
                try? cell.respond(to: arrival.message(), payload: Array("42".utf8))
            }
            let answer = try await asker.request(request, payload: [], timeout: .seconds(60))
            #expect(answer.payload == Array("42".utf8))
            await cell.close()
            await asker.close()
        }
    }

    /// A part that was asked once knows the inbox of the asker, and nothing of its next request.
    @Test(arguments: await Servers.installed())
    func nobodyAnswersTheNextRequest(_ binary: NATSBinary) async throws {
        try await Ground.with(binary) { ground in
            let (cell, asker) = (try await ground.open("motor"), try await ground.open("cognition-bridge"))
            let replies = Mutex<[Subject]>([])
            let request = Subject.request(.dev, cell: try Token("motor"))
            _ = try await cell.subscribe(SubjectPattern(request)) { _, _, arrival in
                if let reply = arrival.reply { replies.withLock { $0.append(reply) } }
                try? cell.respond(to: arrival.message(), payload: Array("42".utf8))
            }
            for _ in 0..<100 { _ = try await asker.request(request, payload: [], timeout: .seconds(60)) }
            let seen = replies.withLock { $0 }
            #expect(Set(seen).count == 100)
            let digits = seen.map { $0.text.split(separator: ".").last.map(String.init) ?? "" }
            #expect(digits.allSatisfy { $0.utf8.count == 32 }, "128 bits each")
            // No digit stands still from one number to the next, as it would in a counter.
            for place in 0..<32 { #expect(Set(digits.map { Array($0.utf8)[place] }).count > 4, "place \(place)") }
            #expect(seen.allSatisfy { $0.text.hasPrefix("\(asker.inboxPrefix).") })
            // The acknowledgements of its durable messages come elsewhere.
            #expect(!digits.contains("") && Set(seen.map { $0.text.dropLast(33) }) == [Substring(asker.inbox.prefix)])
            #expect(asker.acks.prefix != asker.inbox.prefix)
            await cell.close()
            await asker.close()
        }
    }

    /// Asking oneself with the target for the reply subject opens nothing (`allow_responses` would).
    @Test(arguments: await Servers.installed())
    func nobodyGrantsItselfASubject(_ binary: NATSBinary) async throws {
        try await Ground.with(binary) { ground in
            for name in Catalogue.everybody {
                let allowed = Catalogue.mayPublish(name)
                let denied = Catalogue.subjects.filter { !allowed.contains($0) }
                let refused = try await ground.refused(name, .publish, denied, launders: true)
                #expect(Set(denied).subtracting(refused).isEmpty, "\(name) laundered what it may not say on \(binary)")
            }
        }
    }

    /// An observer reads the inbox of a request that waits; nobody answers it there on its behalf.
    @Test(arguments: await Servers.installed())
    func nobodyAnswersIntoAnothersInbox(_ binary: NATSBinary) async throws {
        try await Ground.with(binary) { ground in
            let (thalamus, observer) = (try await ground.open("thalamus"), try await ground.open("observer"))
            let person = try await ground.open("operator")
            let request = Subject.request(.dev, cell: try Token("thalamus"))
            _ = try await thalamus.subscribe(shared: request) { _, _, arrival in
                try? thalamus.respond(to: arrival.message(), payload: Array("an answer".utf8))
            }
            let stolen = Mutex(0)
            _ = try await person.subscribe(try SubjectPattern("\(person.inboxPrefix).waiting")) { _, _, _ in
                stolen.withLock { $0 += 1 }
            }
            let named = request.from(try Token("observer"))
            let inbox = try Subject(foreign: "\(person.inboxPrefix).waiting")
            try observer.publish(named, payload: [], headers: [:], reply: inbox)
            // In its own it is answered, behind the first.
            #expect(
                try await observer.request(named, payload: [], timeout: .seconds(60)).payload == Array("an answer".utf8)
            )
            try await person.flush(timeout: .seconds(60))
            #expect(stolen.withLock { $0 } == 0 && thalamus.status.counters.repliesRefused == 1)
            // Without its name it may not ask.
            let error = await #expect(throws: BusError.self) {
                try await observer.request(request, payload: [], timeout: .seconds(60))
            }
            #expect(error?.code == .badCredentials)
            for bus in [thalamus, observer, person] { await bus.close() }
        }
    }

    /// Who only listens hears beside the others: in a queue group it would take their messages.
    @Test(arguments: await Servers.installed())
    func listenersTakeNothingAway(_ binary: NATSBinary) async throws {
        try await Ground.with(binary) { ground in
            let subjects = [
                ("observer", "dev.nervous.cells.motor.request"), ("observer", "dev.nervous.gates.*.transition.*"),
                ("operator", "dev.nervous.cells.*.wave"), ("reflex", "dev.nervous.cells.flow.wave"),
            ]
            for (name, subject) in subjects {
                let bus = try await ground.open(name)
                _ = try bus.attach(try SubjectPattern(subject), queue: nil, pending: 10) { _, _, _ in }
                try await bus.flush(timeout: .seconds(60))
                #expect(bus.status.counters.notPermitted == 0, "\(name) hears \(subject)")
                for (place, queue) in ["motor", "thalamus", "x"].enumerated() {
                    _ = try bus.attach(try SubjectPattern(subject), queue: try Token(queue), pending: 10) { _, _, _ in }
                    for _ in 0..<200 where bus.status.counters.notPermitted < UInt64(place + 1) {
                        try await bus.flush(timeout: .seconds(60))
                    }
                    #expect(bus.status.counters.notPermitted == UInt64(place + 1), "\(name) in \(queue) of \(subject)")
                }
                await bus.close()
            }
            // A part shares its own requests with its other instances.
            let motor = try await ground.open("motor")
            _ = try await motor.subscribe(
                SubjectPattern(.request(.dev, cell: try Token("motor"))), queue: try Token("motor")
            ) { _, _, _ in }
            #expect(motor.status.counters.notPermitted == 0)
            await motor.close()
        }
    }

    /// The one that looks at everything keeps the server from saying that nobody serves a subject: a cell that knows no senders is
    /// asked in its own form all the same, one that does hears who asks, and nobody asks in another's name.
    @Test(arguments: await Servers.installed())
    func whoAsksIsNamedWhereTheyWhoAreAskedKnowSenders(_ binary: NATSBinary) async throws {
        try await Ground.with(binary) { ground in
            let watcher = try await ground.open("observer")
            _ = try await watcher.subscribe(.everything(.dev)) { _, _, _ in }
            let (flow, motor, reflex) = (
                try await ground.open("flow"), try await ground.open("motor"), try await ground.open("reflex")
            )
            #expect(reflex.identity?.text == "reflex")
            let heard = Mutex<[String]>([])
            func answering(_ bus: NATSBus) -> DeliveryHandler {
                { _, _, arrival in
                    let message = arrival.message()
                    heard.withLock { $0.append(message.subject.text) }
                    try? bus.respond(to: message, payload: [0x31])
                }
            }
            // Flow speaks 2.0: a foreign cell, which `$SRV` does not know.
            let (toFlow, toMotor) = (
                Subject.request(.dev, cell: try Token("flow")), Subject.request(.dev, cell: try Token("motor"))
            )
            _ = try await flow.subscribe(SubjectPattern(toFlow), handler: answering(flow))
            _ = try await motor.subscribe(shared: toMotor, queue: try Token("motor"), handler: answering(motor))
            let services = ServiceResponder(
                .init(
                    name: "motor", id: "motor-1", version: "1.0.0", summary: "Moves.",
                    endpoints: ServiceResponder.Endpoint.shared(
                        name: "request", subject: toMotor.text, queueGroup: "motor"), started: .now()), bus: motor)
            services.report { ServiceResponder.Statistics() }
            try await services.start()
            let requests = SharedRequests(reflex)
            for _ in 0..<2 {
                for (subject, peer) in [(toFlow, "flow"), (toMotor, "motor")] {
                    let answer = try await requests.request(
                        subject, of: try Token(peer), payload: [], timeout: .seconds(60))
                    #expect(answer.payload == [0x31])
                }
            }
            #expect(
                heard.withLock { $0 } == [
                    "dev.nervous.cells.flow.request", "dev.nervous.cells.motor.request.reflex",
                    "dev.nervous.cells.flow.request", "dev.nervous.cells.motor.request.reflex",
                ])
            #expect(reflex.status.counters.notPermitted == 0)
            let error = await #expect(throws: BusError.self) {
                try await reflex.request(toMotor.from(try Token("operator")), payload: [], timeout: .seconds(60))
            }
            #expect(error?.code == .badCredentials)
            for bus in [watcher, flow, motor, reflex] { await bus.close() }
        }
    }

    /// Programs of 2.1 under permissions that 2.0 generated: everything goes on in the forms of 2.0.
    @Test(arguments: await Servers.installed())
    func underOldPermissionsTheOldFormsAreSpoken(_ binary: NATSBinary) async throws {
        try await Ground.with(binary, oldPermissions: true) { ground in
            let (motor, reflex, person) = (
                try await ground.open("motor"), try await ground.open("reflex"), try await ground.open("operator")
            )
            let heard = Mutex<[String]>([])
            let subject = Subject.request(.dev, cell: try Token("motor"))
            _ = try await motor.subscribe(shared: subject, queue: try Token("motor")) { _, _, arrival in
                let message = arrival.message()
                heard.withLock { $0.append(message.subject.text) }
                try? motor.respond(to: message, payload: [0x31])
            }
            let services = ServiceResponder(
                .init(
                    name: "motor", id: "motor-1", version: "1.0.0", summary: "Moves.",
                    endpoints: ServiceResponder.Endpoint.shared(
                        name: "request", subject: subject.text, queueGroup: "motor"), started: .now()), bus: motor)
            services.report { ServiceResponder.Statistics() }
            try await services.start()
            let started = ContinuousClock.now
            for bus in [reflex, person] {
                let requests = SharedRequests(bus)
                for _ in 0..<2 {
                    let answer = try await requests.request(
                        subject, of: try Token("motor"), payload: [], timeout: .seconds(120))
                    #expect(answer.payload == [0x31])
                }
                #expect(bus.status.counters.notPermitted == 1, "what was refused once is not tried again")
            }
            #expect(started.duration(to: .now) < .seconds(60), "nobody waits for what cannot come")
            #expect(heard.withLock { $0 } == Array(repeating: subject.text, count: 4))

            // A stream as 2.0 made it takes a question in the old form.
            let thalamus = try await ground.open("thalamus")
            let question = Subject.cognitiveRequest(.dev)
            try await thalamus.ensureStream(
                StreamConfiguration(name: SystemStreams.escalations(.dev), subjects: [SubjectPattern(question)]))
            let id = MessageID.v7()
            for _ in 0..<2 {
                try await person.publishDurably(shared: question, payload: [1], id: id, timeout: .seconds(120))
            }
            #expect(try await person.read(stream: SystemStreams.escalations(.dev)).map(\.message.subject) == [question])
            for bus in [motor, reflex, person, thalamus] { await bus.close() }
        }
    }

    @Test(arguments: await Servers.installed())
    func aRefusalIsSaidOnceCountedAndEndsTheWaiting(_ binary: NATSBinary) async throws {
        try await Ground.with(binary) { ground in
            let bus = try await ground.open("math")
            let said = Mutex<[BusError]>([])
            let feed = bus.events()
            let listener = Task {
                for await event in feed { if case .failed(let error) = event { said.withLock { $0.append(error) } } }
            }
            let decision = Subject.cognitiveResponse(.dev)
            let started = ContinuousClock.now
            for _ in 0..<3 {
                let error = await #expect(throws: BusError.self) {
                    try await bus.publishDurably(decision, payload: [], id: .v7(), timeout: .seconds(120))
                }
                #expect(error?.code == .badCredentials)
                #expect(error.map { "\($0)".contains("publishing to dev.cognitive.bridge.response") } == true)
            }
            #expect(started.duration(to: .now) < .seconds(60), "nobody waits for what cannot come")
            #expect(bus.status.counters.notPermitted == 3)
            await bus.close()
            await listener.value
            let errors = said.withLock { $0 }
            #expect(errors.count == 1)
            let seed = try #require(SmallFile.read(ground.identities.credentials("math"))?.split(separator: "\n").first)
            #expect(errors.allSatisfy { !"\($0)".contains(seed) }, "no seed in a message")
        }
    }
}

/// The servers of this machine. A missing one is named on standard error.
enum Servers {
    static func installed() async -> [NATSBinary] {
        let found = await NATSBinary.installed()
        if found.count < 2 { print("SKIPPED: identities are tested on \(found.map(\.version)) only; install another") }
        return found
    }
}
