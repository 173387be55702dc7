import NimmerBus
import NimmerPlatform
import NimmerWave
import Synchronization

/// Lets several readers take messages side by side, or one of them take a single message with nothing else in progress.
public final class ExclusiveAccess: Sendable {
    private enum Occupancy {
        /// So many readers take messages side by side.
        case shared(Int)
        /// One reader has a message for itself, or waits until the others have handled theirs.
        case exclusive(others: Int)

        /// Number of readers that take messages side by side.
        var readers: Int {
            get {
                switch self {
                case .shared(let readers), .exclusive(let readers): readers
                }
            }
            set {
                switch self {
                case .shared: self = .shared(newValue)
                case .exclusive: self = .exclusive(others: newValue)
                }
            }
        }
    }

    private let occupancy = Mutex(Occupancy.shared(0))
    private let changed = TaskSignal()

    /// Every reader may take.
    public init() {}

    /// Takes messages beside others; waits while one is handled alone.
    public func shared<Result>(_ body: () async -> Result) async -> Result {
        while true {
            let seen = changed.count
            let isIn = occupancy.withLock { occupancy in
                if case .exclusive = occupancy, !Task.isCancelled { return false }
                occupancy.readers += 1
                return true
            }
            if isIn { break }
            await changed.wait(from: seen, until: ContinuousClock.now.advanced(by: .seconds(1)))
        }
        defer {
            occupancy.withLock { $0.readers -= 1 }
            changed.send()
        }
        return await body()
    }

    /// Takes a message alone: waits until no other is taken and, polling every 20 ms, until nothing is being handled; then handles it, and
    /// lets others take again once that is over or the message is not critical any more. Where something stays in progress for ten
    /// seconds the message is left alone instead, and others take again: it comes again. A cancelled task handles nothing.
    ///
    /// - Parameters:
    ///   - delivery: kept alive while it waits.
    ///   - isEmpty: whether nothing is in progress.
    ///   - isCritical: whether others still have to wait for it.
    ///   - handle: handles it.
    /// - Returns: whether it was handled.
    public func exclusive(
        _ delivery: Delivery, isEmpty: () -> Bool, isCritical: () -> Bool, handle: () async -> Void
    ) async -> Bool {
        var spoken = ContinuousClock.now
        let keepAlive = {
            guard spoken.duration(to: .now) > .seconds(3) else { return }
            spoken = .now
            try? delivery.inProgress()
        }
        var isIn = false
        while !isIn, !Task.isCancelled {
            isIn = occupancy.withLock { occupancy in
                guard case .shared(let readers) = occupancy else { return false }
                occupancy = .exclusive(others: readers)
                return true
            }
            if !isIn { try? await Task.sleep(for: .milliseconds(20)) }
            keepAlive()
        }
        guard isIn else { return false }
        defer {
            occupancy.withLock { $0 = .shared($0.readers) }
            changed.send()
        }
        let end = ContinuousClock.now.advanced(by: .seconds(10))
        while !Task.isCancelled, occupancy.withLock({ $0.readers > 0 }) || !isEmpty() {
            if ContinuousClock.now > end { return false }
            try? await Task.sleep(for: .milliseconds(20))
            keepAlive()
        }
        guard !Task.isCancelled else { return false }
        await handle()
        while !Task.isCancelled, !isEmpty(), isCritical() { try? await Task.sleep(for: .milliseconds(20)) }
        return true
    }
}
