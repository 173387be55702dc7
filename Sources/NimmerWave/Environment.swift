import Glibc

/// Environment of this nervous system; the one thing that changes between deployments (architecture.md, rule 4).
///
/// It picks the first token of every subject, the stream names, the configuration file, the database and the colour
/// on the screen.
public enum Environment: String, CaseIterable, Sendable, Hashable {
    /// A developer's machine; the default when nothing is reported.
    case dev
    /// A rehearsal with the shape of production.
    case staging
    /// The real thing.
    case prod

    /// The variable that selects the environment.
    public static let variable = "NIMMERVERSE_ENV"

    /// The environment with this name.
    ///
    /// - Throws: a ``Refusal`` that lists the valid names.
    public init(validating name: String) throws(Refusal) {
        guard let known = Environment(rawValue: name) else {
            throw Refusal(
                .name, field: Self.variable,
                "\(Self.variable) must be one of \(Self.allCases.map(\.rawValue).joined(separator: ", "))",
                found: "'\(name)'")
        }
        self = known
    }

    /// The environment that the process was started in: `NIMMERVERSE_ENV`, or ``dev`` when that is absent or empty.
    public static func current() throws(Refusal) -> Environment {
        guard let value = getenv(variable).map({ String(cString: $0) }), !value.isEmpty else { return .dev }
        return try Environment(validating: value)
    }

    /// The name of its private nats-server: `nimmer-dev`.
    package var serverName: String { "nimmer-\(rawValue)" }

    /// The first part of every stream name: `DEV`, `STAGING` or `PROD` (protocol.md, Streams).
    public var streamPrefix: String { rawValue.uppercased() }
}
