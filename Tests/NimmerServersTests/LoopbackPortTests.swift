import NimmerPlatform
import NimmerServers
import Testing

struct LoopbackPortTests {
    @Test("a port is free, below those of outgoing connections, and given once")
    func ports() throws {
        var given: Set<UInt16> = []
        for _ in 0..<50 {
            let port = try LoopbackPort.free()
            given.insert(port)
            #expect(LoopbackPort.isFree(port))
        }
        #expect(given.count == 50)
    }

    /// A child has copies of its parent's descriptors until it runs its program.
    @Test("a port is free also while children start")
    func spawning() async throws {
        let port = try LoopbackPort.free()
        let busy = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    for _ in 0..<150 { _ = try await ChildProcess.run(ChildCommand("/bin/true", [])) }
                    return 0
                }
            }
            group.addTask { (0..<20_000).count { _ in !LoopbackPort.isFree(port) } }
            return try await group.reduce(0, +)
        }
        #expect(busy == 0)
    }
}
