import NimmerSystem
import NimmerThalamus
import NimmerWave

/// The virtual garden: variants of a system beside the real one, on the same waves, held against the same outcomes.
///
/// A value: waves, real transitions and outcomes come in, traces come out; nothing else can. It reads no clock but the one that is handed
/// in.
package struct VirtualGarden: Sendable {
    /// Real openings that are kept one by one.
    static let kept = 512
    /// Messages about openings that were not read yet.
    static let early = 128
    /// Times in which waves were missed that are kept.
    static let gaps = 64
    /// Traces at once, after a quiet time, beside those of openings.
    static let burst = 5.0

    /// The variants, in the order of the file.
    package internal(set) var variants: [VariantRun]
    /// The last openings of the real system, oldest first.
    package internal(set) var real: [RealOpening] = []
    /// Places in the streams up to which they were read.
    package internal(set) var places: [String: UInt64] = [:]
    /// Counters of traces: of openings, sampled ones, and those that were left out.
    package private(set) var traces = (openings: 0, sampled: 0, leftOut: 0)
    /// Waves that were heard.
    package private(set) var waves = 0
    /// Times in which waves were missed, newest last.
    var gaps: [OpeningSpan] = []
    /// Messages about openings that were not read yet, oldest first.
    var early: [EarlyMessage] = []
    /// Lifeforce that one question may cost, in LF.
    package let costOfCall: Double
    private let tracesPerSecond: Double
    private var budget: TokenBucket<SteadyTime>?

    /// A garden that has heard nothing.
    ///
    /// - Parameter tracesPerSecond: traces a second beside those of openings; 0: none.
    /// - Throws: a ``Refusal`` where the regions of a variant are invalid; the loader refuses these with their line.
    package init(
        _ system: SystemFile, environment: Environment, hasIdentities: Bool = false, tracesPerSecond: Double = 20,
        at now: Timestamp
    ) throws(Refusal) {
        var variants: [VariantRun] = []
        for variant in system.virtual {
            variants.append(
                try VariantRun(
                    variant, of: system, environment: environment, hasIdentities: hasIdentities, at: now))
        }
        self.variants = variants
        costOfCall = system.bridge.costOfCall
        self.tracesPerSecond = tracesPerSecond
    }

    // MARK: - Waves

    /// Hears a wave.
    ///
    /// - Returns: the traces that follow: of each opening one, and samples of the rest.
    package mutating func receive(
        subject: RawSpan, payload: RawSpan, arrival: Timestamp, reading: () -> ClockReading = ClockReading.now
    ) -> [CorrelationEvent] {
        waves += 1
        var found: [CorrelationEvent] = []
        var region: Region?
        for place in variants.indices {
            let heard = variants[place].receive(subject: subject, payload: payload, arrival: arrival, reading)
            let opened = take(heard.conclusions, of: place)
            found += opened
            guard opened.isEmpty, heard.isJudged, isSampled(at: reading) else { continue }
            if heard.region == nil, region == nil { region = Self.region(payload) }
            guard let judged = heard.region ?? region, let trace = sample(place, judged, heard.conclusions) else {
                continue
            }
            traces.sampled += 1
            found.append(trace)
        }
        return found
    }

    /// Number of openings of variants that have not been released.
    package var open: Int { variants.reduce(0) { $0 + $1.openings.count { $0.span.until == nil } } }

    /// Lets time pass: gates release.
    package mutating func advance(_ reading: ClockReading = .now()) -> [CorrelationEvent] {
        var found: [CorrelationEvent] = []
        for place in variants.indices { found += take(variants[place].advance(reading), of: place) }
        return found
    }

    /// Takes what a variant concluded.
    private mutating func take(_ conclusions: [Conclusion], of place: Int) -> [CorrelationEvent] {
        var found: [CorrelationEvent] = []
        for conclusion in conclusions {
            let transition = conclusion.transition
            if transition.isOpening {
                let window = variants[place].thalamus.windowMilliseconds(of: transition.region) ?? 0
                let opening = VirtualOpening(transition, id: conclusion.id, window: window)
                variants[place].note(opening, &real)
                variants[place].fold()
                traces.openings += 1
                found.append(trace(opening, transition, variants[place]))
            } else if transition.fromState == .open {
                variants[place].release(transition.region, at: transition.at)
            }
        }
        return found
    }

    private func trace(
        _ opening: VirtualOpening, _ transition: GateTransition, _ variant: VariantRun
    ) -> CorrelationEvent {
        let window = variant.thalamus.window(of: opening.region)
        return CorrelationEvent(
            gateID: opening.gate, windowStart: opening.span.from, windowEnd: max(opening.at, opening.span.from),
            signalsInWindow: transition.triggerSignals.map {
                WindowSignal(source: $0.source, origin: $0.origin, confidence: $0.confidence, timestamp: $0.timestamp)
            },
            correlationMatrix: window?.similarity ?? [], aggregateCorrelation: transition.correlationScore,
            result: .opened, variant: try? Token(variant.name), opening: opening.id)
    }

    private mutating func isSampled(at reading: () -> ClockReading) -> Bool {
        guard tracesPerSecond > 0 else { return false }
        let now = reading().steady
        var bucket = budget ?? TokenBucket(Self.burst, at: now)
        bucket.fill(to: max(Self.burst, tracesPerSecond), perSecond: tracesPerSecond, at: now)
        let isTaken = bucket.take(1)
        budget = bucket
        if !isTaken { traces.leftOut += 1 }
        return isTaken
    }

    private func sample(_ place: Int, _ region: Region, _ conclusions: [Conclusion]) -> CorrelationEvent? {
        guard let window = variants[place].thalamus.window(of: region) else { return nil }
        let times = window.signals.map(\.timestamp)
        guard let first = times.min(), let last = times.max() else { return nil }
        return CorrelationEvent(
            gateID: window.gate, windowStart: first, windowEnd: last, signalsInWindow: window.signals,
            correlationMatrix: window.similarity, aggregateCorrelation: window.support,
            result: conclusions.contains { $0.transition.toState == .closed } ? .closed : .stayedStable,
            variant: try? Token(variants[place].name))
    }

    private static func region(_ payload: RawSpan) -> Region? {
        let bytes = payload.withUnsafeBytes { Array($0) }
        return (try? Envelope<WaveSignal>(decoding: bytes))?.body.effectiveRegion
    }

    // MARK: - The real system

    /// Takes a transition of a gate of the real thalamus.
    package mutating func take(_ transition: GateTransition, id: MessageID) {
        guard transition.gateID.owner == nil else { return }
        if transition.fromState == .open {
            if let place = real.lastIndex(where: { $0.region == transition.region && $0.span.until == nil }) {
                real[place].span.until = transition.at
            }
            return
        }
        guard transition.isOpening, !real.contains(where: { $0.id == id }) else { return }
        var opening = RealOpening(transition, id: id)
        opening.isUnseen = gaps.contains { $0.isBeside(opening) }
        for variant in variants where variant.openings.contains(where: { $0.matches(opening) }) {
            opening.matched.insert(variant.name)
        }
        real.append(opening)
        let waiting = early.filter { $0.opening == id }
        early.removeAll { $0.opening == id }
        for message in waiting {
            switch message {
            case .outcome(let outcome): take(outcome)
            case .feedback(let feedback): take(feedback)
            }
        }
        while real.count > Self.kept {
            let oldest = real.removeFirst()
            for place in variants.indices { variants[place].fold(oldest) }
        }
    }

    /// Takes an outcome that counts, or that no longer does: the truth about a real opening, and about what variants had beside it.
    package mutating func take(_ outcome: AcceptedOutcome) {
        guard outcome.effect != .reset else { return }
        take(HeardOutcome(outcome))
    }

    private mutating func take(_ outcome: HeardOutcome) {
        guard let place = real.firstIndex(where: { $0.id == outcome.opening }) else { return wait(.outcome(outcome)) }
        if outcome.effect != .outcome, let known = real[place].outcome {
            let weight = real[place].weight
            (real[place].outcome, real[place].weight, real[place].sender) = (nil, nil, nil)
            for variant in variants.indices {
                variants[variant].takeBack(known, weight: weight, of: real[place], others: real)
                if let fed = real[place].fed { variants[variant].takeBack(feedback: fed, of: real[place]) }
            }
            real[place].fed = nil
        }
        guard outcome.effect != .withdrawal, outcome.weight != 0, real[place].outcome == nil else { return }
        (real[place].outcome, real[place].weight) = (outcome.result, outcome.weight)
        real[place].sender = outcome.sender
        for variant in variants.indices { variants[variant].take(outcomeOf: real[place]) }
        feed(place)
    }

    private mutating func wait(_ message: EarlyMessage) {
        early.append(message)
        if early.count > Self.early { early.removeFirst() }
    }

    /// Takes what a verifier has for variants beside an outcome. It counts once that outcome does, from the same sender.
    package mutating func take(_ feedback: VirtualFeedback, opening: MessageID, sender: String) {
        let amount = feedback.gateWeightDelta + feedback.correlationAdjustment
        guard amount.isFinite, amount != 0 else { return }
        take(HeardFeedback(opening: opening, amount: min(1, max(-1, amount)), sender: sender))
    }

    private mutating func take(_ feedback: HeardFeedback) {
        guard let place = real.firstIndex(where: { $0.id == feedback.opening }) else {
            return wait(.feedback(feedback))
        }
        real[place].note(feedback)
        feed(place)
    }

    private mutating func feed(_ place: Int) {
        guard real[place].outcome != nil, real[place].fed == nil,
            let feedback = real[place].feedback.first(where: { $0.sender == real[place].sender })
        else { return }
        real[place].fed = feedback.amount
        for variant in variants.indices { variants[variant].take(feedback: feedback.amount, of: real[place]) }
    }

    /// Notes a time in which waves were missed: no variant can be blamed for what it did not hear then.
    package mutating func missed(from start: Timestamp, until end: Timestamp) {
        if let last = gaps.last, let until = last.until, until >= start {
            gaps[gaps.count - 1].until = max(until, end)
        } else {
            gaps.append(OpeningSpan(from: start, until: end))
        }
        if gaps.count > Self.gaps { gaps.removeFirst() }
        guard let gap = gaps.last else { return }
        for place in real.indices where gap.isBeside(real[place]) { real[place].isUnseen = true }
    }

    /// Notes the place up to which a stream was read.
    package mutating func read(_ stream: String, to sequence: UInt64) {
        places[stream] = max(places[stream] ?? 0, sequence)
    }
}

extension BridgeSettings {
    /// Lifeforce that one question may cost at most, in LF: of the first mind, within the budget of a request; 0 without a mind.
    package var costOfCall: Double {
        guard let mind = minds.first else { return 0 }
        let most =
            mind.lfPerThousandTokens * Double(mind.maxTokens) / 1000
            + mind.lfPerSecond * Double(mind.timeoutMS) / 1000
        return min(budget, most)
    }
}
