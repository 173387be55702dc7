import NimmerWave

extension ServerIdentity {
    /// Reason why a process of an environment must not use this server; nil for its own, and for one whose name states no environment.
    ///
    /// A server that is called `nimmer-dev`, or `nimmer-dev-` and more, is that of dev.
    package func refusal(of environment: Environment) -> String? {
        let own = Environment.allCases.first {
            name == $0.serverName || name.hasPrefix($0.serverName + "-")
        }
        guard let own, own != environment else { return nil }
        return
            "the server \(name) at \(url) is that of \(own.rawValue), and \(Environment.variable) is \(environment.rawValue); "
            + "expected the same environment"
    }
}
