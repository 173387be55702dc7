import Glibc
import NimmerPlatform
import NimmerServers
import Testing

@Suite("A thousand buses", .timeLimit(.minutes(5)))
struct LeakTests {
    @Test("that connect, subscribe and close leave nothing behind")
    func rounds() async throws {
        let binary = try #require(await Servers.installed().first)
        let server = try await TestServer.start(binary)
        let program = try #require(Executables.find(Self.folder + "/bus-rounds"))
        let answer = try await ChildProcess.run(ChildCommand(program, [server.url, "1200"]), limit: .seconds(280))
        await server.stop()
        #expect(answer.status.isSuccess, "\(answer.lines.suffix(5).map(\.text))")
        let found = answer.lines.compactMap { Held($0.text) }
        // The first rounds fill pools and caches.
        let early = try #require(found.dropFirst().first)
        let late = try #require(found.last)
        #expect(late.rounds - early.rounds == 1000)
        #expect(late.descriptors <= early.descriptors + 2)
        #expect(late.threads <= early.threads + 2)
        // A connection that stayed would hold 64 KiB and more: 64 MB.
        #expect(late.kilobytes < early.kilobytes + 1024, "\(found)")
    }

    /// What the program says that it holds.
    private struct Held {
        var rounds: Int
        var kilobytes: Int
        var descriptors: Int
        var threads: Int

        init?(_ line: String) {
            let numbers = line.split(separator: " ").compactMap { Int($0) }
            guard numbers.count == 4 else { return nil }
            (rounds, kilobytes, descriptors, threads) = (numbers[0], numbers[1], numbers[2], numbers[3])
        }
    }

    /// Where `swift build` put the executables: beside the running test bundle.
    private static let folder: String = {
        var bytes = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &bytes, bytes.count)
        let path = String(decoding: bytes.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    }()
}
