import Glibc
import NimmerBus
import NimmerBusNATS
import NimmerServers
import NimmerWave
import Synchronization
import Testing

@Suite("Durable messages when the connection is lost", .timeLimit(.minutes(5)))
struct DurableFailureTests {
    /// Longer than the test may last: an answer before it is no timeout.
    private static let never = Duration.seconds(600)
    private static let headers: [Headers] = [[:], ["Nats-Expected-Last-Subject-Sequence": "0"]]

    @Test("that wait for their acknowledgement fail at once", arguments: await Servers.installed())
    func inFlight(_ binary: NATSBinary) async throws {
        try await TestServer.with(binary) { server, bus in
            try await bus.ensureStream(StreamConfiguration(name: "LOST", subjects: [SubjectPattern("lost.>")]))
            // It takes what is sent, and says nothing.
            try #require(await server.pause())
            let (outcomes, outcome) = AsyncStream<Result<StreamAck, BusError>>.makeStream()
            for (number, headers) in Self.headers.enumerated() {
                bus.publishDurably(
                    try Subject(foreign: "lost.\(number)"), payload: [1], id: .v7(), headers: headers,
                    timeout: Self.never
                ) { outcome.yield($0) }
            }
            await server.server.kill()
            var codes: [BusError.Code?] = []
            for await outcome in outcomes {
                if case .failure(let error) = outcome { codes.append(error.code) } else { codes.append(nil) }
                if codes.count == Self.headers.count { break }
            }
            #expect(codes == [.notConnected, .notConnected])
        }
    }

    @Test("that are sent without a connection fail before the call returns, and never leave later")
    func disconnected() async throws {
        let binary = try #require(await Servers.installed().first)
        try await TestServer.with(binary) { server, bus in
            try await bus.ensureStream(StreamConfiguration(name: "LOST", subjects: [SubjectPattern("lost.>")]))
            let events = bus.events()
            await server.server.kill()
            for await event in events { if case .disconnected = event { break } }
            for headers in Self.headers {
                let said = Mutex<BusError.Code?>(nil)
                bus.publishDurably(
                    try Subject(foreign: "lost.1"), payload: [1], id: .v7(), headers: headers, timeout: Self.never
                ) { outcome in
                    if case .failure(let error) = outcome { said.withLock { $0 = error.code } }
                }
                #expect(said.withLock { $0 } == .notConnected)
            }
            try await server.server.restart()
            for await event in events { if case .reconnected = event { break } }
            try await bus.flush(timeout: .seconds(60))
            #expect(try await bus.stream("LOST").messages == 0)
        }
    }
}
