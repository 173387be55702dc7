import NimmerWave

/// One organ of a system file: a model on a server, which the organ loads when it is asked and unloads when it has not been
/// asked for a while.
public struct OrganSettings: Hashable, Sendable {
    /// Its name in `<env>.organs.<name>.<verb>`: a token, unique among cells, nerves and organs.
    public var name: String
    /// Protocol of the server.
    public var kind: MindSettings.Kind
    /// The model, as the server calls it.
    public var model: String
    /// The server's address; nil when the organ starts the server itself.
    public var url: String?
    /// The server's program and its arguments, when the organ starts it to load the model and ends it to unload it; `{port}`
    /// becomes a free port of 127.0.0.1.
    public var command: [String] = []
    /// Graphics card that organs on this machine share: those with the same card never have their models loaded at once; nil shares
    /// nothing.
    public var card: String?
    /// Time for which the model stays loaded after the last request, in milliseconds.
    public var warmMS = 300_000
    /// Timeout of loading, in milliseconds, waiting for the card included.
    public var loadTimeoutMS = 120_000
    /// Requests that may wait.
    public var queue = 32
    /// Tokens that an answer may have at most.
    public var maxTokens = 512
    /// Indicates whether its model makes embeddings, so that `iris.organ` may name it.
    public var embeddings = false
    /// Number of components that each embedding must have, 1…4096; nil: that of the first answer.
    public var dimensions: Int?
    /// Text before each text that is embedded, as some models expect it: `search_query: `; empty: nothing.
    public var prefix = ""
    /// Cost of a thousand tokens, in LF.
    public var lfPerThousandTokens = 1.0
    /// Cost of a second of work, in LF.
    public var lfPerSecond = 0.0
    /// A file whose first line is the key.
    public var keyFile: String?
    /// An environment variable that holds the key.
    public var keyVariable: String?
    /// The certificate of the authority that signed the server's certificate, PEM; nil: the machine's.
    public var tlsCA: String?
    /// `http://host:port` of a proxy.
    public var proxy: String?
    /// Settings of its process.
    package var processSettings: [YAMLNode.Entry] = []
    /// Position in the file.
    public var mark: YAMLMark = .start

    /// An organ with the defaults: five minutes warm, 32 requests in the queue.
    public init(name: String, kind: MindSettings.Kind, model: String, url: String? = nil, command: [String] = []) {
        self.name = name
        self.kind = kind
        self.model = model
        self.url = url
        self.command = command
    }

    /// The organ's server as a mind's.
    ///
    /// - Parameter url: where the server is.
    public func mind(at url: String) -> MindSettings {
        var mind = MindSettings(name: name, kind: kind, url: url, model: model)
        mind.maxTokens = maxTokens
        mind.keyFile = keyFile
        mind.keyVariable = keyVariable
        mind.tlsCA = tlsCA
        mind.proxy = proxy
        // The organ unloads it; should it die, the server does so a little later.
        mind.keepAliveSeconds = kind == .ollama ? warmMS / 1000 + 60 : nil
        return mind
    }
}
