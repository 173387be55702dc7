import NimmerBus
import NimmerPlatform
import NimmerWave
import Synchronization

/// Lets several readers take messages side by side, or one of them take a single message with nothing else in progress.
public final class ExclusiveAccess: Sendable {
    private struct State {
        var together = 0
        var isAlone = false
    }

    private let state = Mutex(State())
    private let changed = TaskSignal()

    /// Every reader may take.
    public init() {}

    /// Takes messages beside others; waits while one is handled alone.
    public func shared<Result>(_ body: () async -> Result) async -> Result {
        while true {
            let seen = changed.count
            let isIn = state.withLock { state in
                guard !state.isAlone || Task.isCancelled else { return false }
                state.together += 1
                return true
            }
            if isIn { break }
            await changed.wait(from: seen, until: ContinuousClock.now.advanced(by: .seconds(1)))
        }
        defer {
            state.withLock { $0.together -= 1 }
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
            isIn = state.withLock { state in
                guard !state.isAlone else { return false }
                state.isAlone = true
                return true
            }
            if !isIn { try? await Task.sleep(for: .milliseconds(20)) }
            keepAlive()
        }
        guard isIn else { return false }
        defer {
            state.withLock { $0.isAlone = false }
            changed.send()
        }
        let end = ContinuousClock.now.advanced(by: .seconds(10))
        while !Task.isCancelled, state.withLock({ $0.together > 0 }) || !isEmpty() {
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
