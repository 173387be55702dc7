import NimmerBus
import NimmerServers
import NimmerWave
import Testing

@testable import NimmerBusNATS

/// What a server refuses, and what its refusal does not name.
@Suite("Refusals of a server")
struct RefusedStreamsTests {
    @Test("a stream whose subjects another has names that one and what to do", arguments: await Servers.installed())
    func overlap(_ binary: NATSBinary) async throws {
        try await TestServer.with(binary) { _, bus in
            try await bus.ensureStream(
                StreamConfiguration(name: "OTHER", subjects: [SubjectPattern("dev.nervous.>"), SubjectPattern("else")]))
            let error = await failure {
                try await bus.ensureStream(
                    StreamConfiguration(
                        name: "OURS", subjects: [SubjectPattern("fine"), SubjectPattern("dev.nervous.gates.*")]))
            }
            #expect(error?.code == .conflict && error?.number == 10065)
            let words = error?.message ?? ""
            #expect(words.contains("the stream OURS") && words.contains("the stream OTHER (dev.nervous.>)"), "\(words)")
            #expect(words.contains("nats stream edit OTHER") && words.contains("nats stream rm OTHER"), "\(words)")
            // A stream that is there and shall have more.
            try await bus.ensureStream(StreamConfiguration(name: "OURS", subjects: [SubjectPattern("fine")]))
            let more = await failure {
                try await bus.ensureStream(
                    StreamConfiguration(name: "OURS", subjects: [SubjectPattern("fine"), SubjectPattern("else")]))
            }
            #expect(more?.message.contains("the stream OTHER (else)") == true, "\(more?.message ?? "")")
        }
    }

    @Test("a publication that is not permitted is refused to who checks it", arguments: await Servers.installed())
    func publishChecked(_ binary: NATSBinary) async throws {
        let users = """
            authorization { users: [
              {user: all, password: all},
              {user: ro, password: ro, permissions: {publish: {allow: ["_INBOX.>", "$SRV.>"]}, subscribe: ">"}}
            ] }
            """
        let server = try await TestServer.start(binary, extra: users)
        let place = "127.0.0.1:\(server.server.port)"
        let limited = try await NATSBus.open(
            BusSettings(url: "nats://ro:ro@\(place)", name: "ro", waitsForServer: false))
        let subject = try Subject(foreign: "dev.waves")
        for _ in 0..<50 {
            let error = await failure {
                try await limited.publishChecked(subject, payload: [1], headers: [:], timeout: .seconds(60))
            }
            #expect(error?.code == .badCredentials && error?.message.contains("publishing to dev.waves") == true)
        }
        try await limited.publishChecked(
            try Subject(foreign: "$SRV.x"), payload: [1], headers: [:], timeout: .seconds(60))
        let asked = await failure { try await limited.request(subject, payload: [], timeout: .seconds(60)) }
        #expect(asked?.code == .badCredentials)
        let free = try await NATSBus.open(
            BusSettings(url: "nats://all:all@\(place)", name: "all", waitsForServer: false))
        try await free.publishChecked(subject, payload: [1], headers: [:], timeout: .seconds(60))
        await limited.close()
        await free.close()
        await server.stop()
    }

    /// Refusals of other publications, before, between and after, are not taken for those that are waited for, and hide none of them.
    @Test("refusals of others are not those of a checked publication", arguments: await Servers.installed())
    func refusalsOfOthers(_ binary: NATSBinary) async throws {
        let users = """
            authorization { users: [
              {user: ro, password: ro, permissions: {publish: {allow: ["_INBOX.>", "$SRV.>"]}, subscribe: ">"}}
            ] }
            """
        let server = try await TestServer.start(binary, extra: users)
        let bus = try await NATSBus.open(
            BusSettings(url: "nats://ro:ro@127.0.0.1:\(server.server.port)", name: "ro", waitsForServer: false))
        let permitted = try Subject(foreign: "$SRV.x")
        for round in 0..<40 {
            // Longer than the words that nats.c keeps of an error.
            let subject = try Subject(
                foreign: "dev.s\(round)" + (round % 4 == 0 ? String(repeating: ".long", count: 60) : ""))
            let others = try (0..<20).map { try Subject(foreign: "dev.o\(round).n\($0)") }
            for other in others.prefix(10) { try bus.publish(other, payload: [1], headers: [:], reply: nil) }
            async let refusal = failure {
                try await bus.publishChecked(subject, payload: [1], headers: [:], timeout: .seconds(60))
            }
            async let success = failure {
                try await bus.publishChecked(permitted, payload: [1], headers: [:], timeout: .seconds(60))
            }
            for other in others.suffix(10) { try bus.publish(other, payload: [1], headers: [:], reply: nil) }
            let found = await refusal
            let start = subject.text.prefix(150)
            #expect(
                found?.code == .badCredentials && found?.message.contains("publishing to \(start)") == true, "\(round)")
            #expect(await success == nil, "\(round)")
        }
        #expect(bus.status.counters.notPermitted == 40 * 21)
        await bus.close()
        await server.stop()
    }

    private func failure<R>(_ body: () async throws -> R) async -> BusError? {
        do { _ = try await body() } catch { return error as? BusError }
        return nil
    }
}
