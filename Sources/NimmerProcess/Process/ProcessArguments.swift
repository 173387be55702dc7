import NimmerPlatform

/// The words that the process was started with.
///
/// The Swift runtime looks for them next to the environment's variables, and finds none where a preloaded library has moved these by
/// adding one. Settings would be ignored silently, so the kernel is asked then.
public enum ProcessArguments {
    /// The program's name and what follows it.
    public static let all: [String] = {
        let known = CommandLine.arguments
        guard known.isEmpty else { return known }
        let bytes = (try? SmallFile.bytes("/proc/self/cmdline")) ?? []
        return bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast()
            .map { String(decoding: $0, as: UTF8.self) }
    }()
}
