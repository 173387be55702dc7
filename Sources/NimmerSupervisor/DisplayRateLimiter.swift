import NimmerWave

/// Filter of what scrolls by in `nimmer up`: everything that matters, and of what repeats only as much as a
/// person can read. What is held back is counted and reported.
package struct DisplayRateLimiter: Sendable {
    /// Waves below it do not resonate (gates.md, `floor`); of those, one from each origin now and then.
    package static let floor = 0.2
    /// A calm origin is heard once in so many milliseconds.
    package static let calmInterval = 15_000.0
    /// Waves shown in one second; more are counted.
    package static let perSecond = 30
    /// Attention is shown when its mode changes, and once in so many milliseconds.
    package static let attentionInterval = 15_000.0

    /// Questions by which screens and pages keep up with the thalamus and the bridge.
    private static let screenQuestions: Set<String> = ["gates", "regions", "explain", "budget"]

    private var lastCalm: [String: Timestamp] = [:]
    private var second = Timestamp(nanoseconds: 0)
    private var shownInSecond = 0
    private var heldBack = 0
    private var mode: AttentionMode?
    private var lastAttention = Timestamp(nanoseconds: .min / 2)

    package init() {}

    /// Verdict on a message.
    package enum Verdict: Equatable {
        case show
        case hide
        /// Show it, after reporting that so many waves of the second before were not shown.
        case showAfter(heldBack: Int)
    }

    package mutating func judge(_ message: AnyMessage?, at now: Timestamp) -> Verdict {
        switch message {
        case .waveSignal(let wave):
            let body = wave.body
            if body.confidence < Self.floor {
                let origin = "\(body.effectiveRegion.text)/\(body.origin?.text ?? wave.header.source.entityID)"
                if let last = lastCalm[origin], now.milliseconds(since: last) < Self.calmInterval { return .hide }
                if lastCalm.count >= 4096 { lastCalm.removeAll() }
                lastCalm[origin] = now
            }
            return paced(now)
        case .attention(let attention):
            let changed = mode != attention.body.mode
            mode = attention.body.mode
            guard changed || now.milliseconds(since: lastAttention) >= Self.attentionInterval else { return .hide }
            lastAttention = now
            return .show
        case .correlationEvent, .heartbeat: return .hide
        // What screens and pages ask again and again.
        case .command(let command) where Self.screenQuestions.contains(command.body.command): return .hide
        default: return .show
        }
    }

    private mutating func paced(_ now: Timestamp) -> Verdict {
        if abs(now.milliseconds(since: second)) >= 1000 {
            second = now
            shownInSecond = 1
            defer { heldBack = 0 }
            return heldBack > 0 ? .showAfter(heldBack: heldBack) : .show
        }
        shownInSecond += 1
        if shownInSecond <= Self.perSecond { return .show }
        heldBack += 1
        return .hide
    }
}
