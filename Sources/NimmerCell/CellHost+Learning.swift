import NimmerBus
import NimmerWave
import Synchronization

/// State of a host's keeping of what its cell has learned.
struct LearnedKeeping: Sendable {
    /// Indicates whether the earlier state was asked for and answered, or is of no use any more; nothing is written before.
    var isSettled = false
    /// Start of the host.
    let since = ContinuousClock.now
    /// Readings when it was written last.
    var written = 0
    /// Reason that was logged last.
    var loggedAbsence: String?
    var hasLoggedSize = false
}

// What a cell has learned survives its process (sensing.md, What survives a restart). It writes its own key of the bucket `<ENV>-LEARNED`, which
// acknowledges nothing, and asks the thalamus for what is kept there (decision 0031).

extension CellHost {
    /// Time for which a cell that has learned as new still asks for what was learned before.
    static var askingTime: Duration { .seconds(600) }
    /// Questions after which an attempt ends: more than the parts of the largest state.
    private static var maximumParts: Int { 1_000 }
    /// Pause between two writes.
    static var keepingPause: Duration { .seconds(60) }

    /// Indicates whether it keeps what it learns: what a recording teaches is not what its source would.
    private var learns: Bool { CellBody<C>.learns && !isPlayed }

    /// Asks for what was learned before, and continues with it; one attempt, of two seconds at most.
    func resumeLearned() async {
        guard learns, !keeping.withLock({ $0.isSettled }) else { return }
        let hasLearned = withBody { $0.progress == nil && $0.watch.readings > 0 }
        // What is learned as new by then is as good; learning that is over sooner does not replace months.
        if hasLearned, keeping.withLock({ ContinuousClock.now - $0.since > Self.askingTime }) {
            return keeping.withLock { $0.isSettled = true }
        }
        guard process.bus.status.isConnected else { return logAbsence("no server") }
        switch await kept() {
        case .success(let bytes):
            keeping.withLock { $0.isSettled = true }
            if !bytes.isEmpty { act { body, now in body.resume(bytes, wall: .now(), at: now) } }
        case .failure(let absence): logAbsence(absence.reason)
        }
    }

    /// Writes what is learned, once a minute at most, until the task is cancelled.
    func keepLearned() async {
        guard learns else { return }
        while !Task.isCancelled {
            if keeping.withLock({ $0.isSettled }) {
                guard (try? await Task.sleep(for: Self.keepingPause)) != nil else { return }
                writeLearned()
            } else {
                guard (try? await Task.sleep(for: .seconds(2))) != nil else { return }
                await resumeLearned()
            }
        }
    }

    /// Writes what is learned now, where it is not what was written last.
    func writeLearned() {
        guard learns, process.bus.status.isConnected else { return }
        let written = keeping.withLock { $0.isSettled ? $0.written : nil }
        guard let written, let state = withBody({ $0.watch.readings == written ? nil : $0.learned(at: .now()) }) else {
            return
        }
        let bytes = state.bytes
        guard bytes.count <= LearnedState.largest else {
            let isNew = keeping.withLock { keeping in
                defer { keeping.hasLoggedSize = true }
                return !keeping.hasLoggedSize
            }
            if isNew {
                process.logger.warning(
                    "What is learned is too much to be kept: a restart learns as new",
                    metadata: ["bytes": "\(bytes.count)", "most": "\(LearnedState.largest)"])
            }
            return
        }
        do throws(BusError) {
            try process.bus.publish(.learned(process.environment, cell: identity.name), payload: bytes)
            keeping.withLock { $0.written = state.readings }
        } catch {
            process.logger.warning("What is learned cannot be kept", metadata: ["reason": "\(error)"])
        }
    }

    private struct Absence: Error, CustomStringConvertible {
        var reason: String
        var description: String { reason }
    }

    /// Asks for the bytes that are kept of it; empty for nothing.
    private func kept() async -> Result<[UInt8], Absence> {
        guard let thalamus = try? Token("thalamus") else { return .success([]) }
        var (bytes, revision): ([UInt8], Int?) = ([], nil)
        for _ in 0..<Self.maximumParts {
            let question = Command(
                command: LearnedParts.command,
                payload: ["cell": .string(identity.name.text), "from": .number(Double(bytes.count))],
                deadlineMilliseconds: 1500)
            let answer = await process.ask(question, cell: thalamus)
            guard answer.status == .ok else { return .failure(Absence(reason: answer.error ?? "no answer")) }
            guard let part = LearnedParts(answer.result) else { return .success([]) }
            if let known = revision, known != part.revision {
                // It was written again in between: from the start.
                (bytes, revision) = ([], nil)
                continue
            }
            guard part.whole <= LearnedState.largest else {
                return .failure(
                    Absence(reason: "\(part.whole) bytes are kept; at most \(LearnedState.largest) are read"))
            }
            bytes += part.bytes
            revision = part.revision
            guard bytes.count < part.whole, !part.bytes.isEmpty else { return .success(bytes) }
        }
        return .failure(Absence(reason: "it is written again and again while it is read"))
    }

    private func logAbsence(_ reason: String) {
        let isNew = keeping.withLock { keeping in
            defer { keeping.loggedAbsence = reason }
            return keeping.loggedAbsence != reason
        }
        guard isNew else { return }
        process.logger.info(
            "What was learned before cannot be asked for yet: learns as new until it can",
            metadata: ["reason": "\(reason)"])
    }
}
