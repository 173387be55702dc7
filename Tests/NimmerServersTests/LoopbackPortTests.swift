import Glibc
import NimmerServers
import Testing

struct LoopbackPortTests {
    @Test("a port is free, below those of outgoing connections, and given once")
    func ports() async throws {
        var given: Set<UInt16> = []
        for _ in 0..<50 {
            let port = try LoopbackPort.free()
            given.insert(port)
            // A child that another test starts in this moment holds the listener of the check until its `exec`.
            let end = ContinuousClock.now + .seconds(60)
            while !LoopbackPort.isFree(port), ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(1)) }
            #expect(LoopbackPort.isFree(port))
        }
        #expect(given.count == 50)
    }
}
