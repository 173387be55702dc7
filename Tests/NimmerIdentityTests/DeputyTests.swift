import NimmerBus
import NimmerServers
import NimmerWave
import Synchronization
import Testing

@testable import NimmerBusNATS
@testable import NimmerIdentity

/// Nobody has others say what it may not say itself: neither the parts that answer, nor the server that acknowledges.
@Suite("Deputies", .serialized, .timeLimit(.minutes(5)))
struct DeputyTests {
    /// What nobody may cause to be published by naming it for the reply: orders to the server, what streams and buckets hold, what
    /// services and motors do, and what is almost an inbox. The server itself refuses replies to `$JS.ACK` and `_R_`.
    private static let targets: [String] =
        Catalogue.subjects.filter { subject in
            ["DELETE", "PURGE", "UPDATE", "MSG.DELETE"].contains { subject.hasPrefix("$JS.API.STREAM.\($0).") }
                || subject.hasPrefix("$KV.")
        } + [
            "dev.cognitive.bridge.response", "dev.cognitive.bridge.act", "dev.cognitive.bridge.request.operator",
            "dev.nervous.gates.plant.transition", "dev.nervous.gates.math-cell.transition.math",
            "dev.nervous.gates.plant.outcome", "dev.nervous.regions.plant",
            "dev.nervous.outcomes.plant.feedback.operator",
            "dev.nervous.thalamus.collapse", "dev.nervous.cells.motor.request.cognition-bridge",
            "dev.nervous.cells.math.wave", "dev.nervous.aside.hippocampus", "dev.organs.vision.ask.operator",
            "prod.cognitive.bridge.response", "plant.wheels", "plant.flow.metres", "house.level", "$SRV.PING.motor",
            "$SYS.REQ.SERVER.PING", "_INBOX", "_INBOXES.x", "_OTHER.x",
        ]

    /// Of every identity that asks and every one that answers, on each subject on which the one may ask and the other hears.
    @Test(arguments: await Servers.installed())
    func nobodyHasOthersSpeak(_ binary: NATSBinary) async throws {
        try await Ground.with(binary, isOpen: true) { ground in
            let stored = try await StoredSystem.open(ground)
            let before = try await stored.contents()
            // An inbox is no question, and what a stream captures the server acknowledges: the next test.
            let questions = Catalogue.subjects.filter { !$0.hasPrefix("_INBOX.") && !stored.captures($0) }
            var deputies: [String: NATSBus] = [:]
            var heard: [String: Set<String>] = [:]
            let answering = Catalogue.parts + [Catalogue.page]
            for name in answering {
                var own = Catalogue.maySubscribe(name).intersection(questions)
                // It hears what others are asked, and answers `$SRV` alone.
                if name == Catalogue.page { own = own.filter { $0.hasPrefix("$SRV.") } }
                heard[name] = own
                deputies[name] = try await Self.answering(name, on: ground, own)
            }
            let targets = try Self.targets.map { try Subject(foreign: $0) }
            var expected: [String: Int] = [:]
            var pairs: Set<[String]> = []
            for asker in Catalogue.everybody {
                let bus: NATSBus
                if let part = deputies[asker] { bus = part } else { bus = try await ground.open(asker) }
                for question in Catalogue.mayPublish(asker).intersection(questions) {
                    let reached = answering.filter { heard[$0]?.contains(question) == true }
                    guard !reached.isEmpty else { continue }
                    let subject = try Subject(foreign: question)
                    var replies = targets
                    // Whom the subject names is answered in its own inbox only.
                    if let sender = SharedSubject(subject)?.sender {
                        #expect(sender.text == asker, "\(asker) asks as another: \(question)")
                        replies += try ["thalamus", "operator"].filter { $0 != asker }
                            .map { try Subject(foreign: "_INBOX.\($0).waiting") }
                    }
                    for reply in replies { try bus.publish(subject, payload: [], headers: [:], reply: reply) }
                    for name in reached {
                        expected[name, default: 0] += replies.count
                        pairs.insert([asker, name])
                    }
                }
                try await bus.flush(timeout: .seconds(60))
                #expect(bus.status.counters.notPermitted == 0, "\(asker)")
                if deputies[asker] == nil { await bus.close() }
            }
            #expect(Set(pairs.map { $0[0] }).count >= 6 && Set(pairs.map { $0[1] }) == Set(answering), "\(pairs)")
            for (name, bus) in deputies {
                let wanted = UInt64(expected[name] ?? 0)
                for _ in 0..<2000 where bus.status.counters.repliesRefused < wanted {
                    try await bus.flush(timeout: .seconds(60))
                }
                #expect(bus.status.counters.repliesRefused == wanted, "\(name) counts each on \(binary)")
            }
            try await stored.bus.flush(timeout: .seconds(60))
            #expect(stored.laundered.isEmpty, "\(stored.laundered)")
            let after = try await stored.contents()
            #expect(Self.changed(before, after).isEmpty, "\(binary)")
            for bus in deputies.values { await bus.close() }
            await stored.bus.close()
        }
    }

    /// The streams that are not as they were.
    private static func changed(
        _ before: [String: StoredSystem.Contents], _ after: [String: StoredSystem.Contents]
    ) -> [String] { before.filter { after[$0.key] != $0.value }.keys.sorted() }

    /// A part that answers whatever comes, with what would delete a message where the server took it for an order.
    private static func answering(_ name: String, on ground: Ground, _ subjects: Set<String>) async throws -> NATSBus {
        let bus = try await ground.open(name)
        let services = ServiceResponder(
            .init(name: name, id: "\(name)-1", version: "1.0.0", summary: "Answers.", started: .now()), bus: bus)
        services.report { ServiceResponder.Statistics() }
        try await services.start()
        for subject in subjects where !subject.hasPrefix("$SRV.") {
            _ = try await bus.subscribe(SubjectPattern(subject)) { [weak bus] _, _, arrival in
                try? bus?.respond(to: arrival.message(), payload: Array("{\"seq\":1}".utf8))
            }
        }
        return bus
    }

    /// Cells and nerves say nothing that the server acknowledges, so that it says nothing for them.
    @Test(arguments: await Servers.installed())
    func theServerAcknowledgesNoWave(_ binary: NATSBinary) async throws {
        try await Ground.with(binary, isOpen: true) { ground in
            let stored = try await StoredSystem.open(ground)
            let before = try await stored.contents()
            let captured = Catalogue.subjects.filter(stored.captures)
            var (count, kept) = (1, 0)
            for grant in ground.grants where ![.thalamus, .bridge, .hippocampus, .operator].contains(grant.role) {
                let bus = try await ground.open(grant.name)
                for subject in captured where grant.mayPublish(subject) {
                    // What it has learned: one key, its own.
                    let isLearned = subject == "$KV.DEV-LEARNED.\(grant.name)"
                    if isLearned { kept += 1 }
                    let isFleeting = isLearned || subject.hasSuffix(".wave") || subject.hasSuffix(".change")
                    #expect(isFleeting, "\(grant.name) may publish \(subject), which a stream captures")
                    for target in Self.targets {
                        try bus.publish(
                            try Subject(foreign: subject), payload: Array("{\"seq\":1}".utf8), headers: [:],
                            reply: try Subject(foreign: target))
                        if !isLearned { count += 1 }
                    }
                }
                try await bus.flush(timeout: .seconds(60))
                await bus.close()
            }
            #expect(count > 4 * Self.targets.count && kept > 3)
            #expect(try await stored.count(of: "DEV-WAVES", atLeast: UInt64(count)) == UInt64(count))
            try await stored.bus.flush(timeout: .seconds(60))
            #expect(stored.laundered.isEmpty, "\(stored.laundered)")
            let after = try await stored.contents()
            #expect(Self.changed(before, after) == ["DEV-WAVES", "KV_DEV-LEARNED"], "\(binary)")
            let keptBefore = before["KV_DEV-LEARNED"]?.messages.count ?? 0
            #expect(after["KV_DEV-LEARNED"]?.messages.count == keptBefore + kept)
            for stream in ["DEV-WAVES", "KV_DEV-LEARNED"] {
                #expect(after[stream]?.config == before[stream]?.config)
            }
            #expect(after["DEV-WAVES"]?.messages[1] == Array("kept".utf8))
            await stored.bus.close()
        }
    }

    /// Services and the operator write to streams, and have acknowledgements go where they say: nothing is lost by that. Of
    /// `<ENV>-ASIDE` alone single messages may be deleted.
    @Test(arguments: await Servers.installed())
    func acknowledgementsDeleteNothing(_ binary: NATSBinary) async throws {
        try await Ground.with(binary, Ground.acting, isOpen: true) { ground in
            let stored = try await StoredSystem.open(ground)
            let before = try await stored.contents()
            let orders = Self.targets.filter {
                $0.hasPrefix("$JS.API.STREAM.") && $0 != "$JS.API.STREAM.MSG.DELETE.DEV-ASIDE"
            }
            let captured = Catalogue.subjects.filter(stored.captures)
            var count = 0
            for grant in ground.grants where [.thalamus, .bridge, .hippocampus, .operator, .web].contains(grant.role) {
                let bus = try await ground.open(grant.name)
                let subjects = captured.filter { grant.mayPublish($0) }
                #expect(!subjects.isEmpty, "\(grant.name)")
                for subject in subjects {
                    for order in orders {
                        try bus.publish(
                            try Subject(foreign: subject), payload: [], headers: [:],
                            reply: try Subject(foreign: order))
                        count += 1
                    }
                }
                try await bus.flush(timeout: .seconds(60))
                await bus.close()
            }
            // Each acknowledgement went where it was asked for; what it could do it has done when the server answers behind it.
            for _ in 0..<2000 where stored.laundered.values.reduce(0, +) < count {
                try await stored.bus.flush(timeout: .seconds(60))
            }
            #expect(stored.laundered.values.reduce(0, +) == count)
            let after = try await stored.contents()
            for (name, contents) in before {
                #expect(after[name]?.config == contents.config, "\(name) on \(binary)")
                #expect(after[name]?.messages[1] == contents.messages[1] && contents.messages[1] != nil, "\(name)")
                #expect(after[name]?.state["first_seq"] == contents.state["first_seq"], "\(name)")
            }
            await stored.bus.close()
        }
    }
}
