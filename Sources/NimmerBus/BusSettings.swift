import NimmerWave

/// Settings of a connection, for those who open a bus: the adapter's business, but no adapter's type, so that processes can
/// be configured without knowing which bus they run on.
public struct BusSettings: Sendable, Hashable, CustomStringConvertible {
    /// Credentials of a client.
    public enum Credentials: Sendable, Hashable, CustomStringConvertible {
        /// No credentials.
        case none
        /// By a user and a password.
        case password(user: String, password: String)
        /// By a token.
        case token(String)
        /// By a credentials file (JWT and seed) or, when it holds only a seed, an nkey.
        case file(String)

        /// Their kind, and no secret.
        public var description: String {
            switch self {
            case .none: "none"
            case .password(let user, _): "a password for '\(user)'"
            case .token: "a token"
            case .file(let path): "the file \(path)"
            }
        }
    }

    /// The client and the address, without a secret.
    public var description: String { "\(name) at \(shownURL), credentials: \(credentials)" }

    /// The address: `nats://127.0.0.1:4222`; several, separated by commas, are tried in turn.
    public var url: String
    /// The address without credentials, for logs and output.
    public var shownURL: String { ShownAddress(url).description }
    /// Name of the connection, shown by the server's own tools.
    public var name: String
    /// Credentials of the client.
    public var credentials: Credentials
    /// The certificate of the authority that signed the server's certificate, PEM; nil: the system's authorities.
    public var tlsCA: String?
    /// The name that the server's certificate must carry; nil: the host of the address.
    public var tlsServerName: String?
    /// The client's certificate, PEM.
    public var tlsCertificate: String?
    /// The client's key, PEM.
    public var tlsKey: String?
    /// Indicates whether opening succeeds without a server and keeps trying forever (cells keep their reflexes), or fails.
    public var waitsForServer: Bool
    /// The first tokens of the subjects on which this client receives answers, such as `_INBOX.math`: where every identity has a
    /// prefix of its own, none can read the answers of another. Begins with `_INBOX`. Nil: what the credentials file states, else
    /// `_INBOX`.
    public var inboxPrefix: String?
    /// Number of servers of a cluster that keep each stream, 1…5; nil: existing streams stay as they are, new ones are kept by one.
    public var replicas: Int?
    /// The limit on reading from the server, in bytes a second, at least 65,536; nil: no limit. Messages beyond it stay in the server,
    /// which then delays their publishers: for subscriptions whose senders are to be slowed down.
    public var maximumReadRate: Int?

    /// Settings for one address, everything else as by default: no credentials, and waiting for the server forever.
    public init(
        url: String, name: String, credentials: Credentials = .none, tlsCA: String? = nil,
        tlsServerName: String? = nil, tlsCertificate: String? = nil, tlsKey: String? = nil, waitsForServer: Bool = true,
        inboxPrefix: String? = nil, replicas: Int? = nil
    ) {
        self.url = url
        self.name = name
        self.credentials = credentials
        self.tlsCA = tlsCA
        self.tlsServerName = tlsServerName
        self.tlsCertificate = tlsCertificate
        self.tlsKey = tlsKey
        self.waitsForServer = waitsForServer
        self.inboxPrefix = inboxPrefix
        self.replicas = replicas
    }
}

/// Opens a bus. An executable hands its adapter's connector to the runtime: `NATS.connector`.
public typealias BusConnector = @Sendable (BusSettings) async throws(BusError) -> any Bus
