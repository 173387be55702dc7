import NimmerCognition
import NimmerHTTP
import NimmerSystem
import NimmerWave

/// A mind on a server that speaks ollama's protocol or OpenAI's, over HTTP or HTTPS (architecture.md, Cognition bridge).
///
/// It keeps the contracts of ``MindServer`` and ``LoadableMind``. The answer is streamed, so that its size and its time are held to while it comes
/// in, and so that an abandoned question closes its connection, at which both kinds of server stop working.
///
/// The key is read again for each question, so that a file may be replaced; it is sent as a bearer token and stands nowhere else.
public final class HTTPMind: LoadableMind {
    /// The model and the server, as responses name them.
    public let mind: Mind
    let settings: MindSettings
    let exchange: HTTPExchange
    let key: KeySource

    /// A mind from its settings; connects with the first question.
    ///
    /// - Parameters:
    ///   - settings: the mind as the system file has it.
    ///   - variables: the process's environment, for `key_variable`.
    /// - Throws: ``MindError/Code/misconfigured`` when a key or certificate cannot be read, or the address is invalid.
    public init(_ settings: MindSettings, variables: [String: String]) throws(MindError) {
        self.settings = settings
        key = KeySource(file: settings.keyFile, variable: settings.keyVariable, variables: variables)
        _ = try key.read()
        exchange = try HTTPExchange(
            address: settings.url,
            tls: TLSFiles(authority: settings.tlsCA, certificate: settings.tlsCertificate, key: settings.tlsKey),
            proxy: settings.proxy)
        mind = Mind(model: String(settings.model.prefix(128)), server: String(exchange.base.prefix(256)))
    }

    /// Asks a question and waits for the whole answer.
    public func ask(
        _ question: MindQuestion, deadline: ContinuousClock.Instant
    ) async throws(MindError) -> MindAnswer {
        let dialect = self.dialect
        let headers = try key.headers + [("x-client-request-id", question.requestID.text)]
        let began = ContinuousClock.now
        return try await exchange.within(deadline) { [exchange, settings] () async throws(MindError) in
            let body = dialect.body(question)
            let response = try await exchange.post(dialect.path, body, headers: headers, deadline: deadline)
            try await response.requireSuccess(model: settings.model)
            var reader = try AnswerReader(
                dialect, type: try response.type(among: dialect.types), question: question, began: began)
            return try await response.read(bound: AnswerReader.bodyBound(question)) { (bytes) throws(MindError) in
                try reader.take(bytes, at: .now)
            } end: { () throws(MindError) in
                try reader.finish(at: .now)
            }
        }
    }

    /// Closes its connections; questions that are under way fail.
    public func close() async { await exchange.close() }

    private var dialect: any Dialect {
        switch settings.kind {
        case .openai: OpenAIDialect(settings: settings)
        case .ollama: OllamaDialect(settings: settings)
        }
    }
}
