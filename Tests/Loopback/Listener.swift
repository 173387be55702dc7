import Glibc
import NimmerPlatform
import NimmerServers
import Synchronization

/// A free loopback port, with a thread for each connection.
public final class Listener: Sendable {
    private struct State {
        var open: Set<Int32> = []
        var isClosed = false
    }

    /// The port.
    public let port: Int
    private let listener: Int32
    private let state = Mutex(State())
    /// The thread that accepts, and those of the connections.
    private let threads = Atomic<Int>(0)

    /// Takes a port; connections wait until ``serve(_:)``.
    public init() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        self.listener = listener
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 128) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        guard listener >= 0, isBound else { throw ServerError(.folder, "no port for a server") }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    /// Runs a body for each connection, in a thread of its own; the connection is closed when the body returns.
    public func serve(_ body: @escaping @Sendable (Int32) -> Void) {
        start { [self] in
            while true {
                let socket = Glibc.accept(listener, nil, nil)
                guard socket >= 0 else { break }
                let isTaken = state.withLock { state in
                    if !state.isClosed { state.open.insert(socket) }
                    return !state.isClosed
                }
                guard isTaken else {
                    Glibc.close(socket)
                    break
                }
                start { [self] in
                    body(socket)
                    // Under the lock, so that close() does not shut another socket of the same number.
                    state.withLock { state in
                        state.open.remove(socket)
                        _ = Glibc.close(socket)
                    }
                }
            }
            Glibc.close(listener)
        }
    }

    /// Closes every connection; the threads end soon.
    public func stop() {
        state.withLock { state in
            state.isClosed = true
            for socket in state.open { shutdown(socket, Int32(SHUT_RDWR)) }
        }
        shutdown(listener, Int32(SHUT_RDWR))
    }

    /// Closes every connection, and returns when the threads have ended.
    public func close() async {
        stop()
        // A cancelled test must wait, too: its sleeps end at once.
        while threads.load(ordering: .acquiring) > 0 {
            await Task.yield()
            try? await Task.sleep(for: .milliseconds(1))
        }
    }

    private func start(_ body: @escaping @Sendable () -> Void) {
        threads.add(1, ordering: .relaxed)
        do throws(SystemCallError) {
            try OwnThread.start("listener", stack: nil) { [self] in
                body()
                threads.subtract(1, ordering: .releasing)
            }
        } catch { preconditionFailure("\(error)") }
    }
}
