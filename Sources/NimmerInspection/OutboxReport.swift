import NimmerOutput
import NimmerWave

/// State of a process's outbox, from its `$SRV.STATS`, and what of it an operator should know.
package struct OutboxReport: Equatable, Sendable {
    /// Messages that wait for their stream's acknowledgement.
    package let waiting: Int
    /// Of these, those whose bytes are in the file alone; nil: not reported.
    package let inJournalOnly: Int?
    /// Messages that the file keeps; nil: none.
    package let kept: Int?
    /// Messages given up because there was no room, and those that every stream refused; nil: not reported.
    package let (dropped, refused): (Int?, Int?)
    /// Reason why streams do not take messages though there is a connection.
    package let trouble: String?
    /// Reason why the file cannot be written.
    package let journalTrouble: String?

    /// Reads a process's answer; nil when it has no outbox, or does not report how many messages wait in it.
    package init?(_ data: JSON) {
        guard let outbox = data["outbox"], let waiting = outbox["waiting"]?.int else { return nil }
        let number = { (key: String) in outbox[key]?.int.map { max(0, $0) } }
        self.waiting = max(0, waiting)
        inJournalOnly = number("in_journal_only")
        (dropped, refused) = (number("dropped"), number("refused"))
        trouble = outbox["trouble"]?.string
        kept = outbox["journal"]?["messages"]?.int
        journalTrouble = outbox["journal"]?["trouble"]?.string
    }

    /// Problems, one line each. Messages that are merely on their way are not a problem.
    package func degraded(_ name: String) -> [String] {
        var found: [String] = []
        if let trouble {
            found.append(
                "\(name): streams do not take what it decides, \(count(waiting, "message")) \(waits): \(trouble)")
        } else if let kept, kept > 0, waiting > 0 {
            found.append("\(name): \(count(waiting, "message")) \(waits) for \(waiting == 1 ? "its" : "their") stream")
        }
        if !found.isEmpty, let kept, kept > 0 {
            if let inJournalOnly, inJournalOnly > 0 {
                found[0] += " (\(inJournalOnly) in its journal only)"
            } else {
                found[0] += " (kept in its journal)"
            }
        }
        if let journalTrouble { found.append("\(name): what waits is kept in memory only: \(journalTrouble)") }
        if let dropped, dropped > 0 {
            found.append("\(name) gave up \(count(dropped, "message")): there was no room to keep them")
        }
        if let refused, refused > 0 {
            found.append("\(name): no stream takes \(count(refused, "message")); they were given up")
        }
        return found
    }

    private var waits: String { waiting == 1 ? "waits" : "wait" }
}
