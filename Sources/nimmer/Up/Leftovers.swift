import NimmerCell
import NimmerPlatform
import NimmerServers

#if canImport(Glibc)
    import Glibc
#endif

/// Processes that a killed `nimmer up` left behind.
enum Leftovers {
    /// Ends them, higher layers first; a process that took over a number meanwhile is left alone.
    static func stop(_ entries: [RunState.Entry]) async {
        for layer in Set(entries.map(\.layer)).sorted(by: >) {
            await withTaskGroup(of: Void.self) { group in
                for entry in entries where entry.layer == layer {
                    group.addTask {
                        // PostgreSQL waits for its clients on SIGTERM; SIGINT is its fast way to stop in order.
                        let signal = entry.name == "postgresql" ? SIGINT : SIGTERM
                        _ = await entry.identity.terminate(signal: signal, grace: .seconds(8))
                    }
                }
            }
        }
    }
}

/// This program's own file and folder; its companions lie beside it.
enum OwnProgram {
    static let path: String = {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        guard count > 0 else { return ProcessArguments.all.first ?? "nimmer" }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }()

    static var folder: String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }
}

extension String {
    /// Without the line end that files end with.
    var trimmingLineEnd: String {
        var text = self
        while text.hasSuffix("\n") || text.hasSuffix("\r") || text.hasSuffix("\r\n") { text.removeLast() }
        return text
    }
}
