import NimmerBus
import NimmerServers
import NimmerWave
import Testing

@testable import NimmerBusNATS

@Suite("The server's error numbers")
struct ErrorNumberTests {
    @Test(
        "say what kind of failure it is",
        arguments: [
            (10059, .notFound), (10014, .notFound), (10037, .notFound), (10076, .noStreams), (10039, .noStreams),
            (10071, .conflict), (10164, .conflict), (10058, .conflict), (10023, .full), (10028, .full), (10047, .full),
            (10077, .full), (10005, .full), (10002, .full), (10104, .full), (10049, .full), (10008, .timeout),
            (10009, .timeout),
            (10054, .tooLarge),
        ] as [(Int, BusError.Code)])
    func kind(_ number: Int, _ code: BusError.Code) {
        let error = BusError.jetStream(["code": 500, "err_code": .number(Double(number)), "description": "x"], "it")
        #expect(error.code == code)
        #expect(error.number == number)
        #expect(error.description == "the server refuses it: x (err_code \(number))")
    }

    @Test func anUnknownNumberIsJudgedByItsStatus() {
        #expect(BusError.jetStream(["code": 503, "err_code": 10999], "it").code == .notConnected)
        #expect(BusError.jetStream(["code": 400, "err_code": 10999], "it").code == .refused)
        let bare = BusError.jetStream(["code": 503], "it")
        #expect(bare.number == nil)
        #expect(bare.description == "the server refuses it: an error")
    }

    @Test("travel with what the server refused", arguments: await Servers.installed())
    func travel(_ binary: NATSBinary) async throws {
        try await TestServer.with(binary) { _, bus in
            try await bus.ensureStream(
                StreamConfiguration(
                    name: "SMALL", subjects: [SubjectPattern("small")], maximumMessages: 1, discard: .new))
            let subject = try Subject(foreign: "small")
            try await bus.publishDurably(subject, payload: [1], id: .v7())
            // One attempt, answered when the server gets to it: repeating would only end with its time.
            let full = await withCheckedContinuation { continuation in
                bus.publishDurably(subject, payload: [2], id: .v7(), headers: [:], timeout: .seconds(60)) { result in
                    if case .failure(let error) = result { return continuation.resume(returning: error as BusError?) }
                    continuation.resume(returning: nil)
                }
            }
            #expect(full?.code == .full)
            #expect(full?.number == 10077)
            let store = try await bus.keyValue(KeyValueConfiguration(bucket: "numbers"))
            let first = try await store.put("a", [1])
            try await store.put("a", [2])
            let conflict = await failure { try await store.update("a", [3], revision: first) }
            #expect(conflict?.code == .conflict)
            #expect(conflict.map { [10071, 10164].contains($0.number) } == true)
            let gone = await failure { try await bus.stream("NONE") }
            #expect(gone?.number == 10059)
            #expect(try await bus.lastMessage(stream: "SMALL", subject: Subject(foreign: "other")) == nil)
        }
    }

    private func failure<R>(_ body: () async throws -> R) async -> BusError? {
        do {
            _ = try await body()
            return nil
        } catch { return error as? BusError }
    }
}
