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
                try await limited.publishChecked(subject, payload: [1], headers: [:], timeout: .seconds(5))
            }
            #expect(error?.code == .badCredentials && error?.message.contains("publishing to dev.waves") == true)
        }
        try await limited.publishChecked(
            try Subject(foreign: "$SRV.x"), payload: [1], headers: [:], timeout: .seconds(5))
        let asked = await failure { try await limited.request(subject, payload: [], timeout: .seconds(30)) }
        #expect(asked?.code == .badCredentials)
        let free = try await NATSBus.open(
            BusSettings(url: "nats://all:all@\(place)", name: "all", waitsForServer: false))
        try await free.publishChecked(subject, payload: [1], headers: [:], timeout: .seconds(5))
        await limited.close()
        await free.close()
        await server.stop()
    }

    private func failure<R>(_ body: () async throws -> R) async -> BusError? {
        do { _ = try await body() } catch { return error as? BusError }
        return nil
    }
}
