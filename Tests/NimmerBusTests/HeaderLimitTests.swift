import Glibc
import NimmerBus
import NimmerPlatform
import NimmerServers
import NimmerWave
import Synchronization
import Testing

@testable import NimmerBusNATS

/// nats.c takes time N² for a name that is there N times; a single message would hold up a process for seconds.
@Suite("Headers without end", .timeLimit(.minutes(5)))
struct HeaderLimitTests {
    /// Writes what a client of any kind may write.
    private static func send(_ bytes: [UInt8], to port: UInt16) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, length) }
        }
        try #require(connected == 0)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            try #require(count > 0)
            sent += count
        }
        // The server's answer to the PING: it has read all that went before.
        var answer = [UInt8](repeating: 0, count: 4096)
        var text = ""
        while !text.hasSuffix("PONG\r\n") {
            let count = read(descriptor, &answer, answer.count)
            try #require(count > 0)
            text += String(decoding: answer[..<count], as: UTF8.self)
        }
    }

    private static func message(_ lines: String, _ payload: String) -> [UInt8] {
        let head = "NATS/1.0\r\n" + lines + "\r\n"
        let (size, total) = (head.utf8.count, head.utf8.count + payload.utf8.count)
        return Array("HPUB x.headers \(size) \(total)\r\n\(head)\(payload)\r\n".utf8)
    }

    @Test(arguments: await Servers.installed())
    func areCutBeforeTheyAreRead(_ binary: NATSBinary) async throws {
        try await TestServer.with(binary) { server, bus in
            let seen = Mutex<[BusMessage]>([])
            let done = TaskSignal()
            let subscription = try await bus.subscribe(try SubjectPattern("x.headers")) { _, _, arrival in
                let message = arrival.message()
                seen.withLock { $0.append(message) }
                if message.headers["Last"] != nil { done.send() }
            }
            let many = String(repeating: "A:b\r\n", count: 150_000)
            let folded = "A: b\r\n" + String(repeating: " c\r\n", count: 150_000)
            let few = (0..<HeaderLimit.maximum).map { "N\($0): \($0)\r\n" }.joined()
            var bytes = Array("CONNECT {\"verbose\":false,\"headers\":true}\r\n".utf8)
            for (lines, payload) in [(many, "{}"), (many, ""), (folded, ""), (few, "1"), ("Last: 1\r\n", "2")] {
                bytes += Self.message(lines, payload)
            }
            try Self.send(bytes + Array("PING\r\n".utf8), to: server.server.port)
            await done.wait(from: 0, until: .now.advanced(by: .seconds(120)))
            // What was cut is counted behind the turn that brought it.
            try await bus.flush(timeout: .seconds(60))
            let messages = seen.withLock { $0 }
            #expect(messages.map { $0.headers.fields.count } == [1, 1, 1, HeaderLimit.maximum, 1])
            #expect(messages.prefix(3).allSatisfy { $0.headers["Nimmer-Cut"] == "headers" })
            #expect(messages.map { String(decoding: $0.payload, as: UTF8.self) } == ["{}", "", "", "1", "2"])
            #expect(bus.status.counters.headersCut == 3)
            subscription.cancel()
        }
    }
}
