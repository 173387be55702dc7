import NimmerReplay
import NimmerWave

/// Truth about a time in which waves were recorded.
package struct TruthTimeline: Sendable {
    /// A time of which the truth is known.
    package struct Interval: Sendable, Hashable {
        package var from: Timestamp
        package var until: Timestamp
        /// The region that it is about; nil: any.
        package var region: Region?
        package var result: VerificationResult
        /// Time around it in which an opening is about it, too, in milliseconds: where it is known only by an opening of its own.
        package var slack: Double

        package init(
            from: Timestamp, until: Timestamp, region: Region? = nil, result: VerificationResult, slack: Double = 0
        ) {
            (self.from, self.until, self.region, self.result) = (from, until, region, result)
            self.slack = slack
        }

        func isAbout(_ moment: Timestamp, _ region: Region) -> Bool {
            from.advanced(milliseconds: -slack) <= moment && moment <= until.advanced(milliseconds: slack)
                && (self.region == nil || self.region == region)
        }
    }

    /// The known times, in their order.
    package var intervals: [Interval]
    /// Indicates whether nothing was there outside the intervals; else that is not known.
    package var isComplete: Bool

    package init(_ intervals: [Interval], isComplete: Bool) {
        self.intervals = intervals.sorted { $0.from < $1.from }
        self.isComplete = isComplete
    }

    /// The truth that a column of labels holds: each run of true rows is a fault.
    package init(labels: [(at: Timestamp, text: String)], end: Timestamp) {
        var intervals: [Interval] = []
        for (place, label) in labels.enumerated() {
            let until = place + 1 < labels.count ? labels[place + 1].at : end
            switch ReplayVerification.Truth(label.text) {
            case .state(true), .outcome(.confirmed):
                intervals.append(Interval(from: label.at, until: until, result: .confirmed))
            case .outcome(.failed): intervals.append(Interval(from: label.at, until: until, result: .failed))
            case .unknown, .outcome(.partial):
                intervals.append(Interval(from: label.at, until: until, result: .partial))
            case .state(false): break
            }
        }
        self.init(intervals, isComplete: true)
    }

    /// A real opening whose outcome is known.
    package struct Opening: Sendable {
        /// Its transition.
        package var transition: GateTransition
        /// Time of the release; nil while the gate is open.
        package var until: Timestamp?
        package var result: VerificationResult

        package init(transition: GateTransition, until: Timestamp?, result: VerificationResult) {
            (self.transition, self.until, self.result) = (transition, until, result)
        }
    }

    /// The truth that outcomes of real openings have shown: each is about the time from its oldest asserting witness to its release; of other
    /// times nothing is known.
    ///
    /// - Parameters:
    ///   - slack: time around an opening in which another is about the same, in milliseconds.
    ///   - start: begin of what is looked at.
    ///   - now: end of what is looked at.
    package init(openings: [Opening], slack: Double, since start: Timestamp, now: Timestamp) {
        let intervals = openings.map { opening in
            Interval(
                from: OpeningSpan(opening.transition).from, until: opening.until ?? now,
                region: opening.transition.region, result: opening.result, slack: slack)
        }
        self.init(intervals.filter { $0.until.advanced(milliseconds: slack) >= start }, isComplete: false)
    }

    /// The faults that there were.
    package var faults: [Interval] { intervals.filter { $0.result == .confirmed } }

    /// The outcome of an opening; nil where it is not known.
    ///
    /// - Parameter grace: time after a fault in which an opening counts neither way, in milliseconds.
    package func outcome(at moment: Timestamp, region: Region, grace: Double) -> VerificationResult? {
        let about = intervals.filter { $0.isAbout(moment, region) }.map(\.result)
        if about.contains(.confirmed) { return .confirmed }
        if about.contains(.failed) { return .failed }
        if about.contains(.partial) { return nil }
        let isInGrace = faults.contains { fault in
            (fault.region == nil || fault.region == region) && fault.until < moment
                && moment <= fault.until.advanced(milliseconds: grace)
        }
        if isInGrace { return .partial }
        return isComplete ? .failed : nil
    }
}
