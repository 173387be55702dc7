import Logging
import NimmerBus
import NimmerWave
import Synchronization

/// Takes in the artifacts of cells and nerves, which write to no stream (spec/artifacts.md, Handing over; decision 0040).
///
/// One piece is stored at a time, and of each sender one waits at most: however much is sent, no more than a few chunks are held.
package final class ArtifactIntake: Sendable {
    /// Makes or opens the store.
    package typealias Opening = @Sendable () async throws(ArtifactError) -> any ArtifactStore

    private let bus: any Bus
    private let environment: Environment
    private let open: Opening
    private let logger: Logger
    private let waiting: Mutex<Waiting>
    private let arrivals: AsyncStream<BusMessage?>
    private let arrive: AsyncStream<BusMessage?>.Continuation

    /// Pieces that wait, one of a sender.
    private struct Waiting {
        var senders: Set<String> = []
        var budgets = SenderIntake(SenderBudgets(burst: 512, perSecond: 256))
        var refused = 0
        /// Answers to what is refused without a look at it, ten a second.
        var answers: TokenBucket<SteadyTime>?

        mutating func mayRefuse(at now: SteadyTime) -> Bool {
            let most = SenderIntake.refusalsPerSecond
            var bucket = answers ?? TokenBucket(most, at: now)
            bucket.fill(to: most, perSecond: most, at: now)
            defer { answers = bucket }
            return bucket.take(1)
        }
    }

    /// Pieces of all senders that wait at once.
    private static let waitingPieces = 16

    /// An intake that does not run yet.
    ///
    /// - Parameter open: makes the store when the first piece comes, and again while that fails.
    package init(bus: any Bus, environment: Environment, logger: Logger, open: @escaping Opening) {
        self.bus = bus
        self.environment = environment
        self.logger = logger
        self.open = open
        waiting = Mutex(Waiting())
        (arrivals, arrive) = AsyncStream.makeStream()
    }

    /// Pieces that were refused or dropped because their sender sent too much.
    package var refused: Int { waiting.withLock { $0.refused } }

    /// Works until it is cancelled.
    package func run() async {
        guard let subscription = await subscribed() else { return }
        var receiver = ArtifactReceiver(open: open, logger: logger)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [arrive] in
                // What others left is removed, and what expired is counted out.
                while (try? await Task.sleep(for: .seconds(600))) != nil { arrive.yield(nil) }
                arrive.finish()
            }
            for await message in arrivals {
                guard let message else {
                    await receiver.tidy()
                    continue
                }
                let answer = await receiver.answer(to: message)
                // Before the answer: the next piece follows at once.
                let sender = Self.sender(of: message.subject)
                waiting.withLock { _ = $0.senders.remove(sender) }
                Self.answer(message, answer, on: bus)
            }
            group.cancelAll()
        }
        subscription.cancel()
        await receiver.end()
    }

    /// Hears pieces; a server that does not permit it yet is asked again. Nil where the task was cancelled first.
    private func subscribed() async -> (any Subscription)? {
        var hasWarned = false
        while !Task.isCancelled {
            do throws(BusError) {
                return try await bus.subscribe(
                    .artifacts(environment), queue: nil, pending: 32,
                    handler: { [weak self] subject, payload, arrival in self?.take(subject, payload, arrival) })
            } catch {
                if !hasWarned { logger.warning("Taking in no artifacts yet", metadata: ["reason": "\(error)"]) }
                hasWarned = true
                try? await Task.sleep(for: .seconds(5))
            }
        }
        return nil
    }

    private static func sender(of subject: Subject) -> String {
        subject.text.split(separator: ".").last.map(String.init) ?? ""
    }

    /// On the delivery thread: what is too much, too long or waits for nothing is not copied.
    private func take(_ subject: RawSpan, _ payload: RawSpan, _ arrival: Arrival) {
        guard arrival.wantsReply else { return }
        let sender = SenderIntake.sender(in: subject, tokens: 3)
        let isLong = payload.byteCount > ArtifactPiece.bytes
        let decision = waiting.withLock { waiting -> SenderIntake.Decision in
            let now = SteadyTime.now()
            var decision = waiting.budgets.decide(1, of: sender, at: now)
            if decision == .taken {
                let isFull = waiting.senders.count >= Self.waitingPieces || waiting.senders.contains(sender)
                if isFull || isLong {
                    decision = waiting.mayRefuse(at: now) ? .refused : .dropped
                } else {
                    waiting.senders.insert(sender)
                }
            }
            if decision != .taken { waiting.refused += 1 }
            return decision
        }
        switch decision {
        case .taken: arrive.yield(arrival.message())
        case .refused:
            let answer: ArtifactAnswer =
                isLong
                ? .refused("a piece has \(ArtifactPiece.bytes) bytes at most; found \(payload.byteCount)")
                : .later(1_000, "too many pieces at once: one waits for the answer to the one before")
            ArtifactIntake.answer(arrival.message(), answer, on: bus)
        case .dropped: break
        }
    }

    /// Answers into the sender's own inbox only, where the server guards who asks (decision 0020).
    private static func answer(_ message: BusMessage, _ answer: ArtifactAnswer, on bus: any Bus) {
        guard let reply = message.reply else { return }
        guard bus.identity == nil || reply.text.hasPrefix("_INBOX.\(sender(of: message.subject)).") else {
            return bus.countRefusedReply(reply)
        }
        try? bus.respond(to: message, payload: answer.json.bytes)
    }
}

/// The pieces, one at a time, and the store behind them.
private struct ArtifactReceiver {
    let open: ArtifactIntake.Opening
    let logger: Logger
    private var store: (any ArtifactStore)?
    private var book = ArtifactIntakeBook(.usual)
    private var uploads: [Token: any ArtifactUpload] = [:]
    private var hasWarned = false

    init(open: @escaping ArtifactIntake.Opening, logger: Logger) {
        self.open = open
        self.logger = logger
    }

    /// Stores a piece; the answer to it.
    mutating func answer(to message: BusMessage) async -> ArtifactAnswer {
        do throws(Refusal) {
            return await take(try ArtifactPiece(message))
        } catch {
            return .refused(error.description)
        }
    }

    private mutating func take(_ piece: ArtifactPiece) async -> ArtifactAnswer {
        do throws(ArtifactError) {
            let store = try await opened()
            try store.bounds.check(piece.total)
            let decision = book.decide(piece, at: .now())
            switch decision {
            case .append: return try await append(piece)
            case .again(let next): return .next(next)
            case .begin, .restart, .busy, .share:
                // The answer to the last piece may be lost; and what is there need not come again.
                if let info = try await store.describe(piece.digest), info.bytes == piece.total, staysLong(info) {
                    return .stored(info.digest)
                }
            }
            switch decision {
            case .begin:
                try await begin(piece, in: store)
                return try await append(piece)
            case .busy: return .later(1_000, "\(ArtifactIntakeBook.uploads) artifacts are being handed over")
            case .share(let held):
                return .refused(
                    "\(piece.sender) has \(held) bytes in the store, expected at most \(book.shareOfOne) with "
                        + "\(piece.total) more: older ones expire first")
            case .append, .again, .restart: return .restart
            }
        } catch {
            await leave(piece.sender)
            if error.canRetry {
                warn(error)
                return .later(5_000, error.message)
            }
            return .refused(error.message)
        }
    }

    private mutating func begin(_ piece: ArtifactPiece, in store: any ArtifactStore) async throws(ArtifactError) {
        await leave(piece.sender)
        if book.isFull, let stale = book.stale(at: .now()) { await leave(stale) }
        uploads[piece.sender] = try await store.begin(
            ArtifactOffer(type: piece.type, bytes: piece.total, digest: piece.digest, sender: piece.sender))
    }

    private mutating func append(_ piece: ArtifactPiece) async throws(ArtifactError) -> ArtifactAnswer {
        guard let upload = uploads[piece.sender] else { return .restart }
        try await upload.append(piece.payload)
        book.stored(piece, at: .now())
        guard piece.isLast else { return .next(piece.offset + Int64(piece.payload.count)) }
        let info = try await upload.finish()
        uploads[piece.sender] = nil
        book.ended(piece.sender)
        book.holds(info)
        return .stored(info.digest)
    }

    /// Gives up the upload of a sender.
    private mutating func leave(_ sender: Token) async {
        book.ended(sender)
        await uploads.removeValue(forKey: sender)?.abandon()
    }

    /// An artifact of which more than half of its time is over is put again.
    private func staysLong(_ info: ArtifactInfo) -> Bool {
        guard let expires = info.expires else { return true }
        let (whole, left) = (expires.nanoseconds(since: info.created), expires.nanoseconds(since: .now()))
        return left > whole / 2
    }

    private mutating func opened() async throws(ArtifactError) -> any ArtifactStore {
        if let store { return store }
        let made = try await open()
        book = ArtifactIntakeBook(made.bounds)
        book.count(try await made.list().artifacts)
        store = made
        hasWarned = false
        return made
    }

    /// Removes what uploads left that ended without a word, and counts what each sender has.
    mutating func tidy() async {
        guard let store else { return }
        do throws(ArtifactError) {
            _ = try await (store as? StreamArtifactStore)?.removeLeftovers()
            book.count(try await store.list().artifacts)
        } catch { warn(error) }
    }

    /// Gives up what is in progress.
    mutating func end() async {
        for sender in Array(uploads.keys) { await leave(sender) }
    }

    private mutating func warn(_ error: ArtifactError) {
        guard !hasWarned else { return }
        hasWarned = true
        logger.warning("Artifacts cannot be stored", metadata: ["reason": "\(error.message)"])
    }
}
