import NimmerCognition
import NimmerSystem
import NimmerWave

extension HTTPMind {
    /// Looks at the server, within two seconds.
    public func state() async -> MindServerState {
        let deadline = ContinuousClock.now + .seconds(2)
        do throws(MindError) {
            let headers = try key.headers
            return try await exchange.within(deadline) { [self] () async throws(MindError) in
                switch settings.kind {
                case .openai: try await openAIState(headers, deadline)
                case .ollama: try await ollamaState(headers, deadline)
                }
            }
        } catch {
            return MindServerState(isReachable: error.status != nil, trouble: error.message)
        }
    }

    private func page(
        _ path: String, _ headers: [(String, String)], _ deadline: ContinuousClock.Instant
    ) async throws(MindError) -> (json: JSON, server: String) {
        let reply = try await exchange.get(path, headers: headers, deadline: deadline)
        try await reply.requireSuccess(model: settings.model)
        return (try await reply.json(bound: 4_194_304), reply.serverName)
    }

    /// `/v1/models`; llama.cpp's server takes any name for the one model that it has, and answers 503 while it loads it.
    private func openAIState(
        _ headers: [(String, String)], _ deadline: ContinuousClock.Instant
    ) async throws(MindError) -> MindServerState {
        let (models, server) = try await page("/v1/models", headers, deadline)
        let entries = models["data"]?.array ?? []
        let named = entries.first { entry in
            entry["id"]?.string == settings.model
                || (entry["aliases"]?.array ?? []).contains { $0.string == settings.model }
        }
        let hasOneForAll = server == "llama.cpp" && entries.contains { $0["id"]?.string != nil }
        let hasModel = named != nil || hasOneForAll
        // What llama.cpp's server knows of the file; none of it depends on how the server was started.
        let meta = (named ?? entries.first)?["meta"]
        let content = ["n_vocab", "n_embd", "n_params", "size"].compactMap { key in
            meta?[key]?.double.map { "\(key)=\(JSON.number($0).text)" }
        }
        return MindServerState(
            isReachable: true, hasModel: hasModel, isLoaded: hasOneForAll ? true : nil, version: server,
            content: content.joined(separator: " "),
            trouble: hasModel ? "" : "the server has no model \(settings.model)")
    }

    /// `/api/tags` for what it has, `/api/ps` for what is in memory.
    private func ollamaState(
        _ headers: [(String, String)], _ deadline: ContinuousClock.Instant
    ) async throws(MindError) -> MindServerState {
        let version = try await page("/api/version", headers, deadline).json["version"]?.string ?? ""
        let installed = try await page("/api/tags", headers, deadline).json
        let running = try await page("/api/ps", headers, deadline).json
        let entry = entry(of: settings.model, in: installed)
        let hasModel = entry != nil
        return MindServerState(
            isReachable: true, hasModel: hasModel, isLoaded: self.entry(of: settings.model, in: running) != nil,
            version: ServerWords.plain("ollama/\(version)"), content: ServerWords.plain(entry?["digest"]?.string ?? ""),
            trouble: hasModel ? "" : "the server has no model \(settings.model): ollama pull \(settings.model)")
    }

    /// The entry of a model in a list; a name without a tag is its `latest`.
    private func entry(of model: String, in list: JSON) -> JSON? {
        let wanted = model.contains(":") ? model : model + ":latest"
        return (list["models"]?.array ?? []).first { $0["name"]?.string == wanted || $0["model"]?.string == wanted }
    }
}
