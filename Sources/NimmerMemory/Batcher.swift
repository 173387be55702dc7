import NimmerWave

/// Gathers what must be remembered into batches, by time or by size, one write at a time (memory.md, Writing).
///
/// A value without clock, store or logger: every method takes the time and returns the actions that the caller must
/// perform, in order. An item is acknowledged only by the `acknowledge` action, which follows the commit of its batch;
/// what is written twice because an answer was lost is the store's to recognise.
public struct Batcher<Item: Sendable>: Sendable {
    /// Limits: when a batch is due, how much may wait, and how a store that is unavailable is tried again.
    public struct Limits: Hashable, Sendable {
        /// The longest that an item waits for company, in milliseconds; 200 by default.
        public var milliseconds: Double
        /// The most items in one write; 2,000 by default.
        public var rows: Int
        /// The most items held, written and waiting together, before the intake pauses; ten batches by default.
        public var capacity: Int
        /// The wait after the first failure, in milliseconds; it doubles with each further one.
        public var firstRetryMilliseconds: Double
        /// The longest wait between two tries, in milliseconds.
        public var lastRetryMilliseconds: Double
        /// Interval at which held items are reported to be still in work while they wait, in milliseconds: a third of the time after
        /// which their sender sends them again.
        public var keepAliveMilliseconds: Double

        /// Limits by number; values below 1 count as 1.
        public init(
            milliseconds: Double = 200, rows: Int = 2_000, capacity: Int? = nil, firstRetryMilliseconds: Double = 250,
            lastRetryMilliseconds: Double = 10_000, keepAliveMilliseconds: Double = 3_000
        ) {
            self.milliseconds = max(1, milliseconds)
            self.rows = max(1, rows)
            self.capacity = max(self.rows, capacity ?? self.rows * 10)
            self.firstRetryMilliseconds = max(1, firstRetryMilliseconds)
            self.lastRetryMilliseconds = max(self.firstRetryMilliseconds, lastRetryMilliseconds)
            self.keepAliveMilliseconds = max(1, keepAliveMilliseconds)
        }
    }

    /// Action that the caller must perform now.
    public enum Action: Sendable {
        /// Write these items in one go and report with `wrote` or `failed`; no second write begins before that.
        case write([Item])
        /// These items are in long-term memory: acknowledge them.
        case acknowledge([Item])
        /// These items are still held: extend their acknowledgement, so that they are not sent again.
        case keepAlive([Item])
        /// Stop taking items in; what is not taken waits where it is.
        case pause
        /// Take items in again.
        case resume
        /// The store is unavailable: the first failure since the last success. Report it once.
        case lost(MemoryError)
        /// The store is back after `failures` failed tries. Report it once.
        case recovered(failures: Int)
    }

    /// State of the writer. `idle` → `writing` → `idle`, or `writing` → `waiting` → `writing`.
    private enum Writer: Sendable {
        /// Nothing is under way; can go to `writing`.
        case idle
        /// A write was handed out and has not been reported; can go to `idle` or `waiting`.
        case writing([Item])
        /// The batch failed and is tried again at `until`; can go to `writing`.
        case waiting([Item], until: SteadyTime)
    }

    /// The limits in force.
    public let limits: Limits
    private var writer = Writer.idle
    private var pending: [Item] = []
    private var oldest: SteadyTime?
    private var failures = 0
    private var paused = false
    private var flushing = false
    private var kept: SteadyTime?

    /// An empty batcher.
    public init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Number of items that are held: waiting and being written.
    public var held: Int { pending.count + current.count }
    /// Number of failed writes since the last success; above zero the store is unavailable.
    public var failuresInARow: Int { failures }
    /// Indicates whether nothing is held and nothing is under way.
    public var isEmpty: Bool { held == 0 }

    /// Time at which `advance` has something to do next, if nothing else happens; nil when only an item or a report can wake it.
    public var nextDeadline: SteadyTime? {
        switch writer {
        case .idle: oldest?.advanced(milliseconds: limits.milliseconds)
        case .writing: kept?.advanced(milliseconds: limits.keepAliveMilliseconds)
        case .waiting(_, let until):
            kept.map { min(until, $0.advanced(milliseconds: limits.keepAliveMilliseconds)) } ?? until
        }
    }

    /// An item arrived.
    public mutating func receive(_ item: Item, at now: SteadyTime) -> [Action] {
        pending.append(item)
        if oldest == nil { oldest = now }
        if kept == nil { kept = now }
        var actions = begin(at: now)
        if !paused, held >= limits.capacity {
            paused = true
            actions.append(.pause)
        }
        return actions
    }

    /// Time passed.
    public mutating func advance(to now: SteadyTime) -> [Action] {
        var actions: [Action] = []
        if case .waiting(let batch, let until) = writer, now >= until {
            writer = .writing(batch)
            actions.append(.write(batch))
        }
        actions += begin(at: now)
        if let since = kept, now >= since.advanced(milliseconds: limits.keepAliveMilliseconds), held > 0 {
            kept = now
            actions.append(.keepAlive(current + pending))
        }
        return actions
    }

    /// The write that was handed out is committed.
    ///
    /// - Parameter now: the time of the report.
    public mutating func wrote(at now: SteadyTime) -> [Action] {
        guard case .writing(let batch) = writer else { return [] }
        writer = .idle
        var actions: [Action] = [.acknowledge(batch)]
        if failures > 0 { actions.append(.recovered(failures: failures)) }
        failures = 0
        kept = pending.isEmpty ? nil : now
        actions += begin(at: now)
        if paused, held <= limits.capacity / 2 {
            paused = false
            actions.append(.resume)
        }
        return actions
    }

    /// The write that was handed out failed as a whole; the same batch is tried again, later each time.
    public mutating func failed(_ error: MemoryError, at now: SteadyTime) -> [Action] {
        guard case .writing(let batch) = writer else { return [] }
        failures += 1
        let wait = limits.firstRetryMilliseconds * Double(1 << min(failures - 1, 20))
        writer = .waiting(batch, until: now.advanced(milliseconds: min(wait, limits.lastRetryMilliseconds)))
        return failures == 1 ? [.lost(error)] : []
    }

    /// The process is stopping: what is held is written without waiting for company.
    ///
    /// The caller keeps reporting until `isEmpty`, or gives up; what it gives up on was not acknowledged and comes
    /// again.
    public mutating func flush(at now: SteadyTime) -> [Action] {
        flushing = true
        if case .waiting(let batch, _) = writer {
            writer = .writing(batch)
            return [.write(batch)]
        }
        return begin(at: now)
    }

    /// Writes what is held without waiting for more; later entries wait again.
    public mutating func writeNow(at now: SteadyTime) -> [Action] { begin(at: now, isDue: true) }

    private var current: [Item] {
        switch writer {
        case .idle: []
        case .writing(let batch), .waiting(let batch, _): batch
        }
    }

    private mutating func begin(at now: SteadyTime, isDue: Bool = false) -> [Action] {
        guard case .idle = writer, let first = oldest else { return [] }
        let due =
            isDue || flushing || pending.count >= limits.rows
            || now >= first.advanced(milliseconds: limits.milliseconds)
        guard due else { return [] }
        let batch = Array(pending.prefix(limits.rows))
        pending.removeFirst(batch.count)
        oldest = pending.isEmpty ? nil : first
        writer = .writing(batch)
        return [.write(batch)]
    }
}
