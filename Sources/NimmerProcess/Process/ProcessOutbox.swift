import Logging
import NimmerBus
import NimmerWave

extension ServiceProcess {
    /// An outbox on the process's bus; where the process has a state folder, what waits while its streams cannot be reached is kept
    /// there too.
    ///
    /// - Parameters:
    ///   - limits: how much may wait in memory.
    ///   - onSuperseded: see ``NimmerBus/Outbox``.
    public func outbox(
        limits: OutboxQueue.Limits = OutboxQueue.Limits(),
        onSuperseded: @escaping @Sendable (Subject, StoredIdentity) -> Void = { _, _ in }
    ) -> Outbox {
        Outbox(bus: bus, limits: limits, journal: journal(limits), onSuperseded: onSuperseded)
    }

    private func journal(_ limits: OutboxQueue.Limits) -> JournalFile? {
        guard let folder = configuration.stateFolder else {
            // Of the many cells none needs to publish it.
            logger.log(
                level: role == .service ? .notice : .debug,
                "Without a state folder what waits for its stream is kept in memory only")
            return nil
        }
        do {
            let journal = try JournalFile(
                folder: folder, name: name.text, maximumBytes: limits.bytes * JournalFile.timesMemory)
            let status = journal.status
            if status.messages > 0 {
                logger.info("Took over messages of an earlier run", metadata: ["messages": "\(status.messages)"])
            }
            if status.damaged > 0 {
                logger.warning(
                    "Skipped damaged records of the journal",
                    metadata: ["file": "\(journal.path)", "records": "\(status.damaged)"])
            }
            return journal
        } catch {
            logger.error("Waiting messages are kept in memory only", metadata: ["reason": "\(error)"])
            return nil
        }
    }

    /// Runs an outbox until the task is cancelled, and logs what an operator should know.
    public func run(_ outbox: Outbox) async {
        await outbox.run { [logger] notice in notice.log(to: logger) }
    }
}

extension Outbox.Notice {
    /// A one-line description.
    func log(to logger: Logger) {
        switch self {
        case .waits(let error):
            logger.warning("Streams do not take messages, they wait", metadata: ["reason": "\(error)"])
        case .flows: logger.info("Streams take messages again")
        case .dropped(let count):
            logger.error("Dropped waiting messages: no room", metadata: ["messages": "\(count)"])
        case .refused(let error): logger.error("A message is refused by every stream", metadata: ["reason": "\(error)"])
        case .journal(let reason?):
            logger.error("Waiting messages are kept in memory only", metadata: ["reason": "\(reason)"])
        case .journal(nil): logger.info("Waiting messages are kept in the journal again")
        }
    }
}

extension Outbox {
    /// Its form in `$SRV.STATS` and `nimmer status`.
    public var json: JSON {
        let counters = counters
        var object: JSONObject = [
            "waiting": .number(Double(counters.waiting)), "bytes": .number(Double(counters.bytes)),
            "in_journal_only": .number(Double(counters.journaled)), "dropped": .number(Double(counters.dropped)),
            "refused": .number(Double(counters.refused)), "superseded": .number(Double(counters.superseded)),
            "trouble": trouble.map { .string($0.description) } ?? .null,
        ]
        if let journal = journalStatus {
            object["journal"] = [
                "messages": .number(Double(journal.messages)), "bytes": .number(Double(journal.bytes)),
                "trouble": journal.trouble.map { .string($0) } ?? .null,
            ]
        }
        return .object(object)
    }
}

extension MetricsPage {
    /// The gauges of every process that stores messages, with an outbox or without.
    mutating func storing(waiting: Int, isTroubled: Bool) {
        gauge("nimmer_outbox_waiting", "Messages that wait for a stream's acknowledgement.", waiting)
        gauge(
            "nimmer_outbox_trouble", "Whether streams do not take messages, though there is a connection.",
            isTroubled ? 1 : 0)
    }

    /// The counts of an outbox, and how it stands.
    public mutating func outbox(_ outbox: Outbox) {
        let counters = outbox.counters
        storing(waiting: counters.waiting, isTroubled: outbox.trouble != nil)
        gauge("nimmer_outbox_bytes", "Their bytes in memory.", counters.bytes)
        counter("nimmer_outbox_acknowledged_total", "Messages that a stream holds.", counters.acknowledged)
        counter("nimmer_outbox_retries_total", "Attempts after the first.", counters.retries)
        counter(
            "nimmer_outbox_lost_total", "Messages given up: no room to keep them, or refused by every stream.",
            counters.dropped + counters.refused)
        counter(
            "nimmer_outbox_superseded_total", "Messages given up because another had stored on their subject.",
            counters.superseded)
        guard let journal = outbox.journalStatus else { return }
        gauge("nimmer_outbox_journal_messages", "Waiting messages that are also kept in a file.", journal.messages)
        gauge("nimmer_outbox_journal_bytes", "Bytes of that file.", journal.bytes)
        gauge("nimmer_outbox_journal_trouble", "Whether that file cannot be written.", journal.trouble == nil ? 0 : 1)
    }
}
