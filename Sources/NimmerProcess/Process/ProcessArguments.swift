import Glibc

/// The words that the process was started with.
///
/// The Swift runtime looks for them next to the environment's variables, and finds none where a preloaded library has moved these by
/// adding one. Settings would be ignored without a word, so the kernel is asked then.
public enum ProcessArguments {
    /// The program's name and what follows it.
    public static let all: [String] = {
        let known = CommandLine.arguments
        guard known.isEmpty else { return known }
        let file = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(file, &part, part.count)
            guard count > 0 else { break }
            bytes += part.prefix(count)
        }
        return bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast()
            .map { String(decoding: $0, as: UTF8.self) }
    }()
}
