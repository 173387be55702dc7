import Glibc
import NimmerServers
import Testing

struct LoopbackPortTests {
    @Test("a port is free, below those of outgoing connections, and given once")
    func ports() throws {
        var given: Set<UInt16> = []
        for _ in 0..<50 { given.insert(try LoopbackPort.free()) }
        #expect(given.count == 50)
        #expect(given.allSatisfy { LoopbackPort.isFree($0) })
    }
}
