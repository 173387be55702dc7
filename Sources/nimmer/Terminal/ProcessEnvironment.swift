import ArgumentParser
import NimmerOutput

#if canImport(Glibc)
    import Glibc
#endif

extension ColorChoice: ExpressibleByArgument {}

extension Paint {
    /// The paint for this process: by the flag, then NO_COLOR, then whether standard output is a terminal that can.
    init(_ choice: ColorChoice) {
        self.init(
            choice, noColor: ProcessEnvironment.variable("NO_COLOR"), terminal: Console.isTerminal,
            kind: ProcessEnvironment.variable("TERM"))
    }
}

/// The environment variables of this process.
enum ProcessEnvironment {
    /// An environment variable, or nil when it is not set.
    static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
