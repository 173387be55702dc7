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
        guard lists.count == count else {
            throw MindError(.malformed, "the server answered \(lists.count) vectors for \(count) texts")
        }
        var vectors: [[Double]] = []
        for (place, list) in lists.enumerated() {
            guard let numbers = list?.array, !numbers.isEmpty else {
                throw MindError(.malformed, "the server's vector of text \(place + 1) is no list of numbers")
            }
            // llama.cpp's server writes null for what is not a number.
            let finite = numbers.compactMap { $0.double.flatMap { $0.isFinite ? $0 : nil } }
            guard finite.count == numbers.count else {
                throw MindError(
                    .malformed,
                    "the server's vector of text \(place + 1) has \(numbers.count - finite.count) components that are "
                        + "not finite numbers")
            }
            guard finite.count == vectors.first?.count ?? finite.count else {
                throw MindError(
                    .malformed,
                    "the server's vectors are not of equal length: \(vectors[0].count) and \(finite.count) numbers")
            }
            vectors.append(finite)
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
