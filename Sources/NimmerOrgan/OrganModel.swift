import Logging
import NimmerBus
import NimmerCognition
import NimmerPlatform
import NimmerProcess
import NimmerServers
import NimmerSystem
import NimmerWave

/// The model that an organ owns: takes the card, loads, works, unloads. One call at a time.
actor OrganModel {
    /// Reason why the model is not there, or did not work.
    struct Trouble: Error, CustomStringConvertible {
        let message: String
        var description: String { message }
        /// Indicates whether it has to be loaded again.
        let isGone: Bool
    }

    private let settings: OrganSettings
    private let process: ServiceProcess
    private let connect: @Sendable (MindSettings) throws(MindError) -> any LoadableMind
    private let card: Card?
    private var lock: Card.Lock?
    /// The questions to other organs for the card; ended with the model.
    private let asking = TaskOwner()
    private var server: ModelServer?
    private var mind: (any LoadableMind)?
    /// The check of its vectors, where it makes embeddings; nil before the model is loaded.
    private var embeddings: OrganEmbeddings?
    /// Sum of what its work costs.
    nonisolated let spending: OrganSpending

    init(
        _ settings: OrganSettings, _ process: ServiceProcess, lockFolder: String,
        connect: @escaping @Sendable (MindSettings) throws(MindError) -> any LoadableMind
    ) {
        self.settings = settings
        self.process = process
        self.connect = connect
        spending = OrganSpending(settings, process)
        card = settings.card.map { Card($0, folder: lockFolder) }
    }

    /// Takes the card and loads the model, by then.
    func load(by deadline: ContinuousClock.Instant) async throws(Trouble) {
        do {
            if let card { lock = try await take(card, by: deadline) }
            var url = settings.url ?? ""
            if !settings.command.isEmpty {
                let logger = process.logger
                let server = try await ModelServer.start(
                    ModelServerOptions(
                        command: settings.command, readyWithin: ContinuousClock.now.duration(to: deadline)
                    ) { line in
                        logger.debug("Output of the server", metadata: ["line": "\(line)"])
                    })
                self.server = server
                url = server.url
            }
            let mind = try connect(settings.mind(at: url))
            self.mind = mind
            try await mind.load(deadline: deadline)
            if settings.embeddings {
                let state = await mind.state()
                guard state.isReachable else { throw MindError(.unreachable, state.trouble) }
                embeddings = OrganEmbeddings(settings, content: state.content)
            }
        } catch {
            await unload()
            throw Trouble(message: "the model cannot be loaded: \(Self.reason(error))", isGone: true)
        }
    }

    /// Unloads the model and gives the card back.
    func unload() async {
        if let mind {
            // A server that cannot be reached releases the model by itself a little later.
            try? await mind.unload(deadline: .now + .seconds(20))
            await mind.close()
        }
        await server?.stop()
        let hadCard = lock != nil
        (mind, server, lock, embeddings) = (nil, nil, nil, nil)
        // The one that waits for the card looks ten times a second; without this an organ with work left would take it back first.
        if hadCard { try? await Task.sleep(for: .milliseconds(300)) }
    }

    /// Puts the model to work.
    func perform(_ work: OrganJob.Work, by deadline: ContinuousClock.Instant) async throws(Trouble) -> CommandResult {
        guard let mind else { throw Trouble(message: "the model is not loaded", isGone: true) }
        let began = ContinuousClock.now
        var tokens = 0
        defer { spending.add(tokens: tokens, took: began.duration(to: .now)) }
        do throws(MindError) {
            switch work {
            case .ask(let question):
                let answer = try await mind.ask(question, deadline: deadline)
                let read = answer.promptTokens ?? (question.system.utf8.count + question.user.utf8.count) / 3
                tokens = max(0, read).addingSaturated(max(0, answer.completionTokens ?? answer.text.count / 3))
                return CommandResult(answer: answer, to: question)
            case .embed(let texts):
                tokens = texts.reduce(0) { $0.addingSaturated(($1.utf8.count + settings.prefix.utf8.count) / 3) }
                let embedder = TextEmbedder(mind: mind, prefix: settings.prefix)
                let (vectors, cut) = try await embedder.vectors(of: texts, deadline: deadline)
                if var check = embeddings {
                    defer { embeddings = check }
                    return try check.result(vectors, cut: cut)
                }
                return CommandResult(
                    status: .ok,
                    result: [
                        "model": .string(settings.model),
                        "vectors": .array(vectors.map { .array($0.map { .number(Self.rounded($0)) }) }),
                    ])
            }
        } catch {
            let hasEnded = server.map { !$0.isRunning } ?? false
            throw Trouble(message: error.message, isGone: hasEnded || error.code == .unreachable)
        }
    }

    /// Six digits behind the point: the vectors of several texts fit into a message.
    private static func rounded(_ number: Double) -> Double { (number * 1e6).rounded() / 1e6 }

    /// Waits for the card, asking its holder for it once a second.
    private func take(_ card: Card, by deadline: ContinuousClock.Instant) async throws -> Card.Lock {
        let own = "\(process.environment.rawValue) \(process.name.text)"
        var round = 0
        while true {
            if let lock = try card.take(as: own) { return lock }
            guard ContinuousClock.now < deadline, !Task.isCancelled else {
                throw Card.Failure("\(card.holder ?? "another process") holds the card \(settings.card ?? "")")
            }
            if round % 10 == 0, let holder = card.holder { askForCard(holder) }
            round += 1
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Asks another organ to unload its model; whether it does is up to it.
    private func askForCard(_ holder: String) {
        let words = holder.split(separator: " ").map(String.init)
        guard words.count == 2, let environment = Environment(rawValue: words[0]), let organ = try? Token(words[1]),
            let verb = try? Token("release")
        else { return }
        let order = Command(command: "release", payload: [:], deadlineMilliseconds: 1000, cause: process.name.text)
        let message = Envelope(id: .v7(), at: .now(), from: process.source, order)
        // It answers at once; what it answers changes nothing.
        asking.run { [process] in
            _ = try? await process.requests.request(
                .organ(environment, organ: organ, verb: verb), of: organ, payload: message.encoded(),
                timeout: .seconds(1))
        }
    }

    private static func reason(_ error: any Error) -> String {
        if let error = error as? MindError { return error.message }
        if let error = error as? ServerError { return error.message }
        return "\(error)"
    }
}
