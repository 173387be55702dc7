import NimmerCognition
import NimmerSystem
import NimmerWave

extension HTTPMind {
    /// The vectors of texts, in their order: `/v1/embeddings`, or ollama's `/api/embed`.
    ///
    /// - Throws: a ``MindError`` as ``ask(_:deadline:)`` does; `malformed` also when there are not as many vectors as texts, or
    ///   they are not of one length.
    public func embed(
        _ texts: [String], deadline: ContinuousClock.Instant
    ) async throws(MindError) -> [[Double]] {
        let headers = try key.headers
        let path = settings.kind == .openai ? "/v1/embeddings" : "/api/embed"
        var body: JSONObject = ["model": .string(settings.model), "input": .array(texts.map { .string($0) })]
        if settings.kind == .ollama, let seconds = settings.keepAliveSeconds {
            body["keep_alive"] = .string("\(seconds)s")
        }
        let question = JSON.object(body)
        return try await exchange.within(deadline) { [exchange, settings] () async throws(MindError) in
            let reply = try await exchange.post(path, question, headers: headers, deadline: deadline)
            try await reply.requireSuccess(model: settings.model)
            _ = try reply.type(among: ["application/json"])
            let json = try await reply.json(bound: 1_048_576 * texts.count)
            return try Self.vectors(json, kind: settings.kind, count: texts.count)
        }
    }

    static func vectors(_ json: JSON, kind: MindSettings.Kind, count: Int) throws(MindError) -> [[Double]] {
        let lists: [JSON?] =
            switch kind {
            case .ollama: json["embeddings"]?.array ?? []
            case .openai:
                (json["data"]?.array ?? []).sorted { ($0["index"]?.int ?? 0) < ($1["index"]?.int ?? 0) }
                    .map { $0["embedding"] }
            }
        let vectors = lists.map { ($0?.array ?? []).compactMap { $0.double.flatMap { $0.isFinite ? $0 : nil } } }
        guard vectors.count == count, let length = vectors.first?.count, length > 0,
            zip(vectors, lists).allSatisfy({ $0.count == length && $1?.array?.count == length })
        else {
            throw MindError(.malformed, "the server's vectors must be \(count) lists of finite numbers of equal length")
        }
        return vectors
    }

    /// Has the server load the model and keep it; for servers that always have it, waits until they answer.
    public func load(deadline: ContinuousClock.Instant) async throws(MindError) {
        switch settings.kind {
        case .ollama: try await keep(seconds: settings.keepAliveSeconds ?? 300, deadline: deadline)
        case .openai:
            while true {
                let state = await state()
                if state.isReachable, state.trouble.isEmpty { return }
                guard ContinuousClock.now < deadline, !Task.isCancelled else {
                    throw MindError(.unreachable, state.trouble)
                }
                try? await Task.sleep(for: .milliseconds(250))
            }
        }
    }

    /// Has the server unload the model; servers that always have it keep it.
    public func unload(deadline: ContinuousClock.Instant) async throws(MindError) {
        if settings.kind == .ollama { try await keep(seconds: 0, deadline: deadline) }
    }

    /// ollama loads or unloads a model for a question without words.
    private func keep(seconds: Int, deadline: ContinuousClock.Instant) async throws(MindError) {
        let headers = try key.headers
        let question: JSON = [
            "model": .string(settings.model), "keep_alive": .string("\(seconds)s"), "messages": [], "stream": false,
        ]
        try await exchange.within(deadline) { [exchange, settings] () async throws(MindError) in
            let reply = try await exchange.post("/api/chat", question, headers: headers, deadline: deadline)
            try await reply.requireSuccess(model: settings.model)
        }
    }
}
