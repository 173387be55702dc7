import Dispatch
import Glibc
import Loopback
import NimmerPlatform
import Synchronization

/// A way to a server that can stand still, and lose what is on its way.
final class FaultyLink: Sendable {
    private struct State {
        /// Once a client says this, nothing of what it says goes on.
        var stallsAt: [UInt8]?
        var isStalled = false
        /// How many more bytes of the server pass before everything after them is lost.
        var passes: Int?
        var isClosed = false
    }

    private let state = Mutex(State())
    private let listener: Listener
    private let target: UInt16
    var url: String { "nats://127.0.0.1:\(listener.port)" }

    init(to target: UInt16) throws {
        self.target = target
        listener = try Listener()
        listener.serve { [self] client in carry(client) }
    }

    /// Lets nothing of what clients say go on once one of them says this.
    func stall(at word: String) { state.withLock { $0.stallsAt = Array(word.utf8) } }

    /// What clients have said meanwhile goes on now.
    func flow() {
        state.withLock { state in
            state.stallsAt = nil
            state.isStalled = false
        }
    }

    var isStalled: Bool { state.withLock { $0.isStalled } }

    /// Lets so many bytes of the server pass, loses what comes after them, and then the connection.
    func lose(after bytes: Int) { state.withLock { $0.passes = bytes } }

    func close() {
        state.withLock { $0.isClosed = true }
        listener.stop()
    }

    /// Carries what a client and the server say to each other, until one of them has ended.
    private func carry(_ client: Int32) {
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { Glibc.close(server) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        address.sin_port = target.bigEndian
        let isThere = withUnsafePointer(to: address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isThere else { return }
        let returned = DispatchSemaphore(value: 0)
        do throws(SystemCallError) {
            try OwnThread.start("link") { [self] in
                pump(server, client) { mayReturn($0) }
                returned.signal()
            }
        } catch { return }
        pump(client, server) { may(pass: $0) }
        returned.wait()
    }

    /// Copies until one side has ended; both sockets are shut then, which ends the other thread.
    private func pump(_ from: Int32, _ to: Int32, _ pass: (ArraySlice<UInt8>) -> Int) {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = read(from, &buffer, buffer.count)
            guard count > 0 else { break }
            let passed = pass(buffer[..<count])
            guard write(to, buffer, passed) == passed, passed == count else { break }
        }
        shutdown(from, Int32(SHUT_RDWR))
        shutdown(to, Int32(SHUT_RDWR))
    }

    private func may(pass bytes: ArraySlice<UInt8>) -> Int {
        let mustWait = state.withLock { state in
            if let word = state.stallsAt, bytes.firstRange(of: word) != nil { state.isStalled = true }
            return state.isStalled
        }
        if mustWait { while state.withLock({ $0.isStalled && !$0.isClosed }) { usleep(5_000) } }
        return bytes.count
    }

    private func mayReturn(_ bytes: ArraySlice<UInt8>) -> Int {
        state.withLock { state in
            guard let passes = state.passes else { return bytes.count }
            if bytes.count < passes {
                state.passes = passes - bytes.count
                return bytes.count
            }
            state.passes = nil
            return passes
        }
    }
}
