import NimmerOutput
import NimmerPlatform
import NimmerScope
import NimmerScopeSession
import NimmerWave
import Synchronization

/// State that all tabs see: the oscilloscope's, the frames made of it, and the tabs that take them. Events come through a mailbox, as
/// for the terminal; every 50 ms they are reduced and become frames.
package final class PageModel: Sendable {
    private struct State {
        var scope: ScopeState
        var feed = PageFeed()
        var ring = FrameRing()
        var tabs: [UInt64: (queue: TabQueue, wake: AsyncStream<Void>.Continuation)] = [:]
        var nextTab: UInt64 = 1
        var health: JSONObject = [:]
        var source: JSONObject
        var explanations: [String: JSON] = [:]
        /// Times at which the thalamus was asked about gates that it did not explain.
        var asked: [String: SteadyTime] = [:]
        /// Trust before and after an outcome that was reported on a page, by the opening.
        var trustChanges: [MessageID: (before: Double, after: Double)] = [:]
        var lost = 0
        var boot: String
        /// Waves since they were last counted.
        var counted = 0
    }

    /// Time between two batches of frames.
    package static let period = Duration.milliseconds(50)
    /// Tabs at most.
    package static let maximumTabs = 64

    package let environment: Environment
    package let mailbox: Mailbox
    private let state: Mutex<State>

    /// A model of nothing yet.
    ///
    /// - Parameter source: what the page shows of its source: `kind`, `name`, and of a recording its motion.
    /// - Throws: ``Failure`` where the machine has no event descriptors; ``PageError`` without random numbers.
    package init(_ settings: ScopeSettings, source: JSONObject) throws {
        environment = settings.environment
        mailbox = try Mailbox()
        let scope = ScopeState(settings)
        state = Mutex(State(scope: scope, source: source, boot: String(try Secret.random().prefix(8))))
    }

    // MARK: - Taking in

    /// Takes what the mailbox holds, and makes frames of it; wakes the tabs.
    ///
    /// - Returns: whether the input has ended.
    @discardableResult
    package func turn(at now: Timestamp, lostBefore: Int = 0) -> Bool {
        let batch = mailbox.take()
        let lost = batch.lost + lostBefore
        return state.withLock { state in
            for event in batch.events { _ = state.scope.reduce(event) }
            if lost != state.lost {
                state.lost = lost
                _ = state.scope.reduce(.lost(total: lost))
            }
            _ = state.scope.reduce(.tick(now))
            let steady = SteadyTime.now()
            for frame in state.feed.frames(of: state.scope) {
                if case .waves(let waves) = frame { state.counted += waves.count }
                state.ring.append(frame, at: steady)
            }
            for tab in state.tabs.values { tab.wake.yield() }
            return batch.ends
        }
    }

    /// Takes what comes until the task is cancelled, or until the input has ended.
    ///
    /// - Parameter lost: messages that the bus itself lost since the start.
    package func run(lost: @escaping @Sendable () -> Int) async throws {
        while true {
            if turn(at: .now(), lostBefore: lost()) { return }
            try await Task.sleep(for: Self.period)
        }
    }

    /// Adds a frame that is no message's: health, the state of a recording.
    package func append(_ kind: String, _ members: JSONObject) {
        state.withLock { state in
            var object: JSONObject = ["k": .string(kind)]
            for member in members { object[member.key] = member.value }
            if kind == "health" { state.health = members }
            if kind == "source" { for member in members { state.source[member.key] = member.value } }
            state.ring.append(.text(object), at: .now())
            for tab in state.tabs.values { tab.wake.yield() }
        }
    }

    /// Takes in which cells run.
    package func expect(_ running: [PageFeed.RunningCell]) { state.withLock { $0.feed.expect(running, in: $0.scope) } }

    /// Takes in what the thalamus explains of a gate: pages are sent its trust, half-life and window.
    package func learn(_ gate: String, _ explanation: JSON) {
        state.withLock { state in
            if state.explanations.count < 512 || state.explanations[gate] != nil {
                state.explanations[gate] = explanation
            }
            state.feed.learn(gate, explanation)
            state.asked[gate] = nil
            guard let frame = state.feed.facts(gate) else { return }
            state.ring.append(frame, at: .now())
            for tab in state.tabs.values { tab.wake.yield() }
        }
    }

    /// A gate that the thalamus is to explain and was not asked about within a minute; nil without one.
    package func unexplainedGate(at now: SteadyTime) -> String? {
        state.withLock { state in
            let gate = state.feed.unexplained(of: state.scope).first { gate in
                state.asked[gate].map { now.duration(since: $0) > .seconds(60) } ?? true
            }
            if let gate { state.asked[gate] = now }
            if state.asked.count > 1024 { state.asked = [:] }
            return gate
        }
    }

    /// Begins again with nothing at a moment, as at the jump of a recording; every tab is sent a snapshot.
    package func restart(_ settings: ScopeSettings, at moment: Timestamp) throws(PageError) {
        let boot = String(try Secret.random().prefix(8))
        state.withLock { state in
            state.scope = ScopeState(settings)
            _ = state.scope.reduce(.tick(moment))
            state.feed = PageFeed()
            state.ring = FrameRing()
            state.boot = boot
            let now = SteadyTime.now()
            for (number, tab) in state.tabs {
                state.tabs[number] = (TabQueue(after: 0, at: now), tab.wake)
                tab.wake.yield()
            }
            restarted.add(1, ordering: .sequentiallyConsistent)
        }
    }

    private let restarted = Atomic<Int>(0)

    /// Waves since the last call.
    package func countWaves() -> Int {
        state.withLock { state in
            defer { state.counted = 0 }
            return state.counted
        }
    }

    // MARK: - Reading

    /// Calls a body with the state, which it may not keep.
    package func read<Result>(_ body: (ScopeState, PageFeed) throws -> Result) rethrows -> Result {
        try state.withLock { try body($0.scope, $0.feed) }
    }

    /// The frames of another feed with the numbers that pages here know, and the number here of each of its cells.
    func translate(_ feed: PageFeed) -> (marks: [JSON], cells: [Int?]) {
        state.withLock { ($0.feed.marks(of: feed), $0.feed.cells(of: feed)) }
    }

    /// The thalamus's last explanation of a gate; nil where it was not asked.
    package func explanation(of gate: String) -> JSON? { state.withLock { $0.explanations[gate] } }

    /// The trust before and after the outcome of an opening; nil where it was not reported on a page of this server.
    func trustChange(of opening: MessageID) -> (before: Double, after: Double)? {
        state.withLock { $0.trustChanges[opening] }
    }

    /// Keeps the trust before and after an outcome, of so many.
    func keep(trustChange change: (before: Double, after: Double), of opening: MessageID) {
        state.withLock { state in
            if state.trustChanges.count >= 1024 { state.trustChanges = [:] }
            state.trustChanges[opening] = change
        }
    }

    /// Number of messages that found no place in the mailbox.
    package var lost: Int { state.withLock { $0.lost } }

    // MARK: - Tabs

    /// Opens a tab.
    ///
    /// - Parameter after: `BOOT.SEQ` of the last frame that it has; nil, or of another start: it is sent a snapshot.
    /// - Throws: ``PageError`` where there are too many.
    package func openTab(after: String?) throws(PageError) -> Tab {
        let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let found: (number: UInt64, isResumed: Bool)? = state.withLock { state in
            guard state.tabs.count < Self.maximumTabs else { return nil }
            let number = state.nextTab
            state.nextTab += 1
            let now = SteadyTime.now()
            var start: UInt64?
            if let after, let halves = after.halves(around: "."), halves.before == state.boot,
                let seq = UInt64(halves.after),
                seq < state.ring.next, seq + 1 >= state.ring.oldest
            {
                start = seq
            }
            state.tabs[number] = (TabQueue(after: start ?? state.ring.next - 1, at: now), wake)
            return (number, start != nil)
        }
        guard let found else {
            throw PageError("\(Self.maximumTabs) tabs are open", remedy: "close some", status: 503)
        }
        wake.yield()
        return Tab(model: self, number: found.number, wakes: wakes, needsSnapshot: !found.isResumed)
    }

    /// The mark of this start: frames of another are not of these.
    var boot: String { state.withLock { $0.boot } }

    /// Number of open tabs.
    package var tabs: Int { state.withLock { $0.tabs.count } }

    func closeTab(_ number: UInt64) { _ = state.withLock { $0.tabs.removeValue(forKey: number)?.wake.finish() } }

    func step(_ number: UInt64) -> TabQueue.Step {
        state.withLock { state in
            guard var tab = state.tabs[number] else { return .close }
            let step = tab.queue.next(state.ring, at: .now())
            state.tabs[number] = tab
            return step
        }
    }

    func change(_ number: UInt64, _ body: (inout TabQueue) -> Void) {
        state.withLock { state in
            guard var tab = state.tabs[number] else { return }
            body(&tab.queue)
            state.tabs[number] = tab
            tab.wake.yield()
        }
    }

    func isWatched(_ number: UInt64) -> Bool { state.withLock { $0.tabs[number]?.queue.isHidden == false } }

    var restarts: Int { restarted.load(ordering: .sequentiallyConsistent) }

    /// All that is known, for a tab, as it is sent.
    func snapshot(_ number: UInt64, _ session: Sessions.Session) -> [UInt8] {
        let (object, seq) = state.withLock { state in
            var object = state.feed.snapshot(of: state.scope)
            object["boot"] = .string(state.boot)
            object["seq"] = .number(Double(state.ring.next - 1))
            object["source"] = .object(state.source)
            object["health"] = .object(state.health)
            return (object, state.ring.next - 1)
        }
        var whole = object
        whole["env"] = .string(environment.rawValue)
        whole["role"] = .string(session.role.rawValue)
        whole["csrf"] = session.role == .operator ? .string(session.csrf) : .null
        let text = JSON.object(whole).bytes
        let packed = Gzip.packed(text, level: 1).map { [3] + $0 } ?? text
        change(number) { $0.sentSnapshot(seq, bytes: packed.count, at: .now()) }
        return packed
    }
}
