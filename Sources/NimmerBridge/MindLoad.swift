import NimmerCognition
import NimmerPlatform
import NimmerSystem
import NimmerWave
import Synchronization

/// A mind whose server may have to load the model first, which takes minutes.
///
/// A server that loads for a question, as ollama does, aborts the load when that question is given up. So the first question after
/// idleness is given up by the one who asked at its deadline, but stays with the server for up to `load_timeout_ms`: the model gets loaded.
/// While the server reports that the model is not in memory yet, further questions wait for that, and are not sent.
package final class MindLoad: MindServer {
    private struct Hold {
        let since: ContinuousClock.Instant
        /// Indicates whether the server has reported since that the model is not in memory.
        var isLoading = false
    }

    private struct Progress {
        /// Time until which the model counts as loaded; nil: it was not used yet, or timed out.
        var warmUntil: ContinuousClock.Instant?
        /// The question that keeps a load alive.
        var hold: Hold?
    }

    /// Time for which servers keep a model that is not used, unless a question names another: the default of ollama.
    private static let usualKeep = Duration.seconds(300)
    private static let probeInterval = Duration.seconds(5)

    private let mind: any MindServer
    private let name: String
    private let longest: Duration
    private let keep: Duration
    private let ended: @Sendable (MindQuestion, Result<MindAnswer, MindError>) -> Void
    private let progress = Mutex(Progress())
    private let changed = TaskSignal()
    private let tasks = TaskOwner()

    /// A mind that has not been asked yet.
    ///
    /// - Parameters:
    ///   - ended: called when a question has ended that had been given up before.
    package init(
        _ mind: any MindServer, _ settings: MindSettings,
        ended: @escaping @Sendable (MindQuestion, Result<MindAnswer, MindError>) -> Void
    ) {
        self.mind = mind
        name = settings.name
        longest = .milliseconds(settings.loadTimeoutMS)
        keep = settings.keepAliveSeconds.map { .seconds($0) } ?? Self.usualKeep
        self.ended = ended
    }

    /// Time for which a load has been kept alive, in milliseconds; nil: none is.
    package var loadingMilliseconds: Double? {
        progress.withLock { $0.hold }.map { $0.since.duration(to: .now) / .milliseconds(1) }
    }

    /// Gives up the question that keeps a load alive.
    package func close() async { await tasks.end() }

    package func state() async -> MindServerState { await mind.state() }

    package func ask(
        _ question: MindQuestion, deadline: ContinuousClock.Instant
    ) async throws(MindError) -> MindAnswer {
        try await waitForLoad(until: deadline)
        let began = ContinuousClock.now
        let isCold = progress.withLock { state in
            guard state.hold == nil, state.warmUntil.map({ $0 < .now }) ?? true else { return false }
            state.hold = Hold(since: began)
            return true
        }
        if isCold { return try await askHolding(question, since: began, deadline: deadline) }
        do throws(MindError) {
            let answer = try await mind.ask(question, deadline: deadline)
            note(.success(answer))
            return answer
        } catch {
            note(.failure(error))
            throw error
        }
    }

    /// Waits while the server loads the model.
    private func waitForLoad(until deadline: ContinuousClock.Instant) async throws(MindError) {
        while true {
            let count = changed.count
            guard let hold = progress.withLock({ $0.hold }), hold.isLoading else { return }
            guard ContinuousClock.now < deadline, !Task.isCancelled else {
                throw stillLoading(hold.since)
            }
            await changed.wait(from: count, until: deadline)
        }
    }

    /// Asks, and leaves the question with the server when its deadline passes.
    private func askHolding(
        _ question: MindQuestion, since: ContinuousClock.Instant, deadline: ContinuousClock.Instant
    ) async throws(MindError) -> MindAnswer {
        let end = max(deadline, since.advanced(by: longest))
        let outcome = HeldOutcome()
        let task = tasks.run { [self] in
            let result: Result<MindAnswer, MindError>
            do throws(MindError) { result = .success(try await mind.ask(question, deadline: end)) } catch {
                result = .failure(error)
            }
            progress.withLock { $0.hold = nil }
            note(result)
            if outcome.end(result) { ended(question, result) }
            changed.send()
        }
        while true {
            let count = changed.count
            if let result = outcome.result { return try result.get() }
            guard !Task.isCancelled else {
                task.cancel()
                throw MindError(.cancelled, "the question to \(name) was withdrawn")
            }
            guard ContinuousClock.now < deadline else { break }
            await changed.wait(from: count, until: deadline)
        }
        // The answer may come at this very moment.
        if let result = outcome.giveUp() { return try result.get() }
        tasks.run { [self] in await watch(since) }
        throw stillLoading(since)
    }

    /// Looks every few seconds whether the server still loads; once it does not, questions pass beside the one that is held.
    private func watch(_ since: ContinuousClock.Instant) async {
        while !Task.isCancelled {
            let server = await mind.state()
            let isLoading = server.isReachable && server.isLoaded == false
            let (isOver, hasChanged) = progress.withLock { state in
                guard let hold = state.hold, hold.since == since else { return (true, false) }
                state.hold?.isLoading = isLoading
                return (false, hold.isLoading != isLoading)
            }
            if isOver { return }
            if hasChanged { changed.send() }
            await changed.wait(from: changed.count, until: .now + Self.probeInterval)
        }
    }

    private func note(_ result: Result<MindAnswer, MindError>) {
        progress.withLock { state in
            switch result {
            case .success: state.warmUntil = .now + keep
            case .failure(let error): if error.code != .cancelled { state.warmUntil = nil }
            }
        }
    }

    private func stillLoading(_ since: ContinuousClock.Instant) -> MindError {
        let seconds = Int(saturating: since.duration(to: .now) / .seconds(1))
        return MindError(
            .timeout,
            "\(name) gave no answer in time; it may be loading its model, since \(seconds) s, and is left to it for up to "
                + "\(Int(saturating: longest / .seconds(1))) s (load_timeout_ms)")
    }
}

/// Outcome of a question that the one who asked may have given up.
private final class HeldOutcome: Sendable {
    private enum Stage {
        case open
        case ended(Result<MindAnswer, MindError>)
        case givenUp
    }

    private let stage = Mutex(Stage.open)

    var result: Result<MindAnswer, MindError>? {
        stage.withLock { if case .ended(let result) = $0 { result } else { nil } }
    }

    /// Returns whether it had been given up.
    func end(_ result: Result<MindAnswer, MindError>) -> Bool {
        stage.withLock { stage in
            if case .givenUp = stage { return true }
            stage = .ended(result)
            return false
        }
    }

    /// Returns the result where there is one already.
    func giveUp() -> Result<MindAnswer, MindError>? {
        stage.withLock { stage in
            if case .ended(let result) = stage { return result }
            stage = .givenUp
            return nil
        }
    }
}
