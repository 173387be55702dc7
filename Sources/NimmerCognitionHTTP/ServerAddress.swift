import NimmerWave

/// Address of a mind's server as a system file has it: a host, or what stands before the path of a protocol at a host behind a gateway
/// (`https://openrouter.ai/api/v1`).
struct ServerAddress: Sendable {
    /// The address without a slash at its end, and without an endpoint that was copied along (`/chat/completions`).
    let base: String

    private static let endpoints = [
        "/chat/completions", "/completions", "/embeddings", "/models", "/api/chat", "/api/generate", "/api/tags",
    ]

    init(_ text: String) {
        var base = text
        func dropSlashes() { while base.hasSuffix("/") { base.removeLast() } }
        dropSlashes()
        if let endpoint = Self.endpoints.first(where: base.hasSuffix) { base.removeLast(endpoint.count) }
        dropSlashes()
        self.base = base
    }

    /// The URL of a path of the protocol, such as `/v1/models` or `/api/chat`: what the address ends with is not repeated.
    ///
    /// An address with a version in its path (`/v1`, `/api/v3`, `/v1beta/openai`) stands for `/v1`.
    func url(_ path: String) -> String {
        if path.hasPrefix("/v1/"), namesVersion { return base + path.dropFirst("/v1".count) }
        if path.hasPrefix("/api/") {
            if base.hasSuffix("/api") { return base + path.dropFirst("/api".count) }
            // ollama's own protocol beside its imitation of OpenAI's.
            if base.hasSuffix("/v1") { return String(base.dropLast("/v1".count)) + path }
        }
        return base + path
    }

    private var namesVersion: Bool {
        let path = (base.halves(around: "://")?.after ?? base).split(separator: "/").dropFirst()
        return path.contains { part in
            let rest = part.dropFirst()
            return part.first == "v" && rest.first?.isNumber == true
        }
    }
}
