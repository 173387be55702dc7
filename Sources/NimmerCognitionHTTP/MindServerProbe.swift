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
        let names = (models["data"]?.array ?? []).flatMap { entry in
            [entry["id"]?.string].compactMap { $0 } + (entry["aliases"]?.array ?? []).compactMap(\.string)
        }
        let hasOneForAll = server == "llama.cpp" && !names.isEmpty
        let hasModel = names.contains(settings.model) || hasOneForAll
        return MindServerState(
            isReachable: true, hasModel: hasModel, isLoaded: hasOneForAll ? true : nil, version: server,
            trouble: hasModel ? "" : "the server has no model \(settings.model)")
    }

    /// `/api/tags` for what it has, `/api/ps` for what is in memory.
    private func ollamaState(
        _ headers: [(String, String)], _ deadline: ContinuousClock.Instant
    ) async throws(MindError) -> MindServerState {
        let version = try await page("/api/version", headers, deadline).json["version"]?.string ?? ""
        let installed = try await page("/api/tags", headers, deadline).json
        let running = try await page("/api/ps", headers, deadline).json
        let hasModel = names(installed, has: settings.model)
        return MindServerState(
            isReachable: true, hasModel: hasModel, isLoaded: names(running, has: settings.model),
            version: ServerWords.plain("ollama/\(version)"),
            trouble: hasModel ? "" : "the server has no model \(settings.model): ollama pull \(settings.model)")
    }

    /// A name without a tag is its `latest`.
    private func names(_ list: JSON, has model: String) -> Bool {
        let wanted = model.contains(":") ? model : model + ":latest"
        return (list["models"]?.array ?? []).contains { $0["name"]?.string == wanted || $0["model"]?.string == wanted }
    }
}
