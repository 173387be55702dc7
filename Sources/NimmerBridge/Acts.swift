import Logging
import NimmerBus
import NimmerCognition
import NimmerProcess
import NimmerWave
import Synchronization

/// Carries out the commands of decisions, each step kept in the bucket `<ENV>-ACTS` under the decision's id before the next is
/// taken (see ``ActRecord``). Changes go by revision, so that of two bridges only one sends; whether a change was stored is read
/// from the bucket wherever its acknowledgement proves nothing (see ``RecordWrite``).
final class Acts: Sendable {
    private struct Kept {
        var record: ActRecord
        var revision: UInt64
    }

    /// Result of a change.
    private enum Stored {
        /// It is kept, at this revision.
        case stored(UInt64)
        /// Another process was first.
        case overtaken
        /// The process stops before it is known.
        case stopped
    }

    private let process: ServiceProcess
    private let stores: StoreWatch
    private let failPoint: FailPoint
    private let names: PrivateNames
    private let bucket = Mutex<(any KeyValue)?>(nil)
    private let kept = Mutex<[MessageID: Kept]>([:])
    /// Decisions that had a record at the start.
    private let known = Mutex<Set<MessageID>>([])
    /// This run, in the records that it writes.
    private let run = MessageID.v7().text
    private let busy = Mutex<Set<MessageID>>([])
    private let due: AsyncStream<MessageID>
    private let makeDue: AsyncStream<MessageID>.Continuation

    init(_ process: ServiceProcess, _ stores: StoreWatch, _ names: PrivateNames, failPoint: FailPoint) {
        self.names = names
        self.process = process
        self.stores = stores
        self.failPoint = failPoint
        (due, makeDue) = AsyncStream.makeStream()
    }

    /// Records that have not ended, or whose end is not published yet.
    var open: Int { kept.withLock { $0.count } }

    /// The records that have not come to their end, the oldest first.
    var records: [ActRecord] {
        kept.withLock { $0.values.map(\.record) }.filter { !$0.state.isFinal }
            .sorted { ($0.changedAt, $0.decision) < ($1.changedAt, $1.decision) }
    }

    /// Opens the bucket and takes up what an earlier run left unfinished.
    func open() async throws(BusError) {
        let bucket = try await process.bus.keyValue(SystemStreams.acts(process.environment))
        self.bucket.withLock { $0 = bucket }
        let published = try await published()
        for entry in try await bucket.entries() {
            guard let record = (try? JSON(parsing: entry.value)).flatMap(ActRecord.init) else {
                process.logger.error(
                    "Cannot read the record of a decision; none of its commands is sent",
                    metadata: ["key": "\(entry.key)"])
                continue
            }
            known.withLock { _ = $0.insert(record.decision) }
            if record.state.isFinal, published.contains(record.decision) { continue }
            kept.withLock { $0[record.decision] = Kept(record: record, revision: entry.revision) }
            makeDue.yield(record.decision)
        }
    }

    /// Decisions whose outcome is in the stream.
    private func published() async throws(BusError) -> Set<MessageID> {
        var published: Set<MessageID> = []
        try await process.bus.read(
            stream: SystemStreams.decisions(process.environment), filter: SubjectPattern(.act(process.environment))
        ) { batch in
            for stored in batch {
                guard let act = try? Envelope<Act>(decoding: stored.message.payload, on: stored.message.subject).body
                else { continue }
                published.insert(act.requestID)
            }
            return true
        }
        return published
    }

    /// Makes the record of the commands of a response that the stream holds, where they are to be sent; one that is there already
    /// stays. Nothing leaves before ``begin(_:)``.
    ///
    /// - Returns: false when the process stops before it is known to be kept.
    func keep(_ response: CognitiveResponse) async -> Bool {
        guard var record = ActRecord(response, at: .now()), let bucket = bucket.withLock({ $0 }) else { return true }
        guard !known.withLock({ $0.contains(record.decision) }) else { return true }
        record.writer = run
        switch await store(record, in: bucket, over: 0) {
        case .stored(let revision): kept.withLock { $0[record.decision] = Kept(record: record, revision: revision) }
        // Another bridge has made it, of the same response, and carries it out.
        case .overtaken: break
        case .stopped: return false
        }
        return true
    }

    /// A decision's commands may go now.
    func begin(_ decision: MessageID) {
        if kept.withLock({ $0[decision] != nil }) { makeDue.yield(decision) }
    }

    /// Approves or refuses it.
    ///
    /// - Returns: why that changes nothing; nil when it did.
    func decide(_ decision: MessageID, approve: Bool, by person: String) async -> String? {
        guard busy.withLock({ $0.insert(decision).inserted }) else { return "it is being carried out" }
        let problem = await note(decision, approve: approve, by: person)
        // Only now: what is busy is not carried out.
        busy.withLock { _ = $0.remove(decision) }
        begin(decision)
        return problem
    }

    private func note(_ decision: MessageID, approve: Bool, by person: String) async -> String? {
        guard var record = kept.withLock({ $0[decision]?.record }) else {
            return "no decision of this id waits; `nimmer mind pending` lists those that do"
        }
        let problem = record.decide(approve: approve, by: person, at: .now())
        guard record != kept.withLock({ $0[decision]?.record }) else { return problem }
        guard await write(record) else { return "another decision was made meanwhile" }
        if record.state.isFinal { await report(record) }
        return problem
    }

    /// Carries out what is due until the task is cancelled; looks every second at what waits for a person.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                while !Task.isCancelled {
                    do { try await Task.sleep(for: .seconds(1)) } catch { return }
                    let now = Timestamp.now()
                    let late = self.kept.withLock { $0.values.filter { $0.record.until <= now } }
                    for item in late { self.makeDue.yield(item.record.decision) }
                }
            }
            for await decision in due { group.addTask { await self.carryOut(decision) } }
        }
    }

    private func carryOut(_ decision: MessageID) async {
        guard busy.withLock({ $0.insert(decision).inserted }) else { return }
        defer { _ = busy.withLock { $0.remove(decision) } }
        while !Task.isCancelled, var record = kept.withLock({ $0[decision]?.record }) {
            switch record.next(at: .now()) {
            case .wait: return
            case .none: return await report(record)
            case .finish:
                guard await write(record) else { return }
                await report(record)
                return
            case .send(let place):
                guard await write(record) else { return }
                failPoint.passed(.begun)
                guard Timestamp.now() < record.until else {
                    record.withdraw(at: .now())
                    guard await write(record) else { return }
                    return await report(record)
                }
                let result = await send(record.commands[place], of: record)
                failPoint.passed(.sent)
                record.ended(result, at: .now())
                guard await write(record) else { return }
                failPoint.passed(.ended)
                if record.state.isFinal { return await report(record) }
            }
        }
    }

    private func send(_ command: DownstreamCommand, of record: ActRecord) async -> CommandResult {
        guard let target = try? Token(command.target) else {
            return CommandResult(status: .error, error: "'\(command.target)' is no target's name")
        }
        let left = Int(saturating: record.until.milliseconds(since: .now()))
        let order = Command(
            command: command.command, payload: command.payload, deadlineMilliseconds: min(5000, max(1, left)),
            cause: record.decision.text)
        let result = await process.ask(order, cell: target)
        process.logger.info(
            "A decision commanded",
            metadata: [
                "decision": "\(record.decision)", "command": "\(target).\(command.command)",
                "status": "\(result.status.rawValue)",
            ])
        return result
    }

    /// Keeps a record; false when another bridge has changed it, which then continues with it.
    private func write(_ record: ActRecord) async -> Bool {
        guard let bucket = bucket.withLock({ $0 }), let revision = kept.withLock({ $0[record.decision]?.revision })
        else {
            return false
        }
        var record = record
        record.writer = run
        switch await store(record, in: bucket, over: revision) {
        case .stored(let next):
            kept.withLock { $0[record.decision] = Kept(record: record, revision: next) }
            return true
        case .overtaken:
            kept.withLock { $0[record.decision] = nil }
            return false
        case .stopped: return false
        }
    }

    /// Stores a record, however long it takes.
    ///
    private func store(_ record: ActRecord, in bucket: any KeyValue, over revision: UInt64) async -> Stored {
        await stores.storing { failed in await store(record, in: bucket, over: revision, failed) }
    }

    private func store(
        _ record: ActRecord, in bucket: any KeyValue, over revision: UInt64, _ failed: (BusError) -> Void
    ) async -> Stored {
        let write = RecordWrite(record.json.bytes, over: revision)
        let key = record.decision.text
        var step = write.first
        while true {
            do throws(BusError) {
                switch step {
                case .stored(let revision): return .stored(revision)
                case .overtaken: return .overtaken
                case .read:
                    let present = try await bucket.get(key)
                    step = write.found(revision: present?.revision ?? 0, bytes: present?.value)
                case .write(0): step = write.wrote(try await bucket.create(key, write.bytes))
                case .write(let revision):
                    step = write.wrote(try await bucket.update(key, write.bytes, revision: revision))
                }
            } catch {
                step = write.failed()
                guard !Task.isCancelled else { return .stopped }
                guard error.code != .conflict else { continue }
                failed(error)
                process.logger.warning("Cannot keep the outcome of a command", metadata: ["reason": "\(error)"])
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// Publishes the outcome of a decision's commands. A bridge that dies before does so at its next
    /// start; the id is the same each time.
    private func report(_ record: ActRecord) async {
        guard let act = record.act else { return }
        let id = names.id("act", record.decision)
        let message = Envelope(id: id, at: .now(), from: process.source, act)
        do throws(BusError) {
            try await stores.storing { failed throws(BusError) in
                while true {
                    do throws(BusError) {
                        try await process.bus.publishDurably(
                            .act(process.environment), payload: message.encoded(), id: id, timeout: .seconds(20))
                        return
                    } catch {
                        guard !Task.isCancelled, error.canRetry else { throw error }
                        failed(error)
                        process.logger.warning(
                            "Cannot publish the outcome of a decision", metadata: ["reason": "\(error)"])
                        try? await Task.sleep(for: .seconds(1))
                    }
                }
            }
        } catch { return }
        failPoint.passed(.reported)
        kept.withLock { $0[record.decision] = nil }
    }
}
