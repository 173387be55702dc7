import NimmerReplay
import NimmerSystem
import NimmerThalamus
import NimmerWave

/// Recorded waves and the truth about them.
package struct ExploredRecording: Sendable {
    package var waves: [ReplayRun.Wave]
    package var truth: TruthTimeline

    package init(waves: [ReplayRun.Wave], truth: TruthTimeline) {
        self.waves = waves
        self.truth = truth
    }
}

/// Score of what a system would have woken for in recordings, held against the truth.
package struct ExplorationScore: Sendable, Hashable {
    /// Faults that there were.
    package var faults = 0
    /// Faults with a question between their begin and their end.
    package var caught = 0
    /// Of these, within a minute of their begin.
    package var prompt = 0
    /// Questions where nothing was.
    package var falseAlarms = 0
    /// Questions of which nothing is known.
    package var unknown = 0
    /// Questions in all.
    package var calls = 0

    /// Value of all that: a fault counts 1, one that was caught promptly half more, and a false alarm 1 against it.
    package var value: Double { Double(caught) + Double(prompt) / 2 - Double(falseAlarms) }

    package init() {}

    package var json: JSON {
        [
            "faults": .number(Double(faults)), "caught": .number(Double(caught)), "prompt": .number(Double(prompt)),
            "missed": .number(Double(faults - caught)), "false": .number(Double(falseAlarms)),
            "unknown": .number(Double(unknown)), "calls": .number(Double(calls)), "value": .number(value),
        ]
    }
}

/// One way through recordings: the very thalamus, on recorded waves, learning from their truth.
package struct ExplorationTrial: Sendable {
    /// Time from an opening to its outcome, in milliseconds.
    package var after = 60_000.0
    /// Time after a fault in which an opening counts neither way, in milliseconds.
    package var grace = 60_000.0
    /// Time from the begin of a fault in which catching it is prompt, in milliseconds.
    static let prompt = 60_000.0

    package init(after: Double = 60_000, grace: Double = 60_000) {
        self.after = after
        self.grace = grace
    }

    /// Lets a system hear the recordings, one after the other, as one life.
    ///
    /// - Throws: a ``Refusal`` where the system's regions are invalid.
    package func run(
        _ system: SystemFile, environment: Environment, _ recordings: [ExploredRecording]
    ) throws(Refusal) -> ExplorationScore {
        var configuration = try ThalamusConfiguration(system, environment: environment)
        configuration.boundsNewRegions = false
        try configuration.joinAtOnce()
        configuration.origins = .asTheyAre
        var score = ExplorationScore()
        var trust: [(region: Region, records: [OriginRecord])] = []
        for recording in recordings {
            var thalamus = Thalamus(configuration)
            for (region, records) in trust { thalamus.restore(records, region: region) }
            hear(recording, &thalamus, &score)
            trust = thalamus.trust()
        }
        return score
    }

    private struct Pending {
        let due: Timestamp
        let opening: MessageID
        let gate: GateID
        let result: VerificationResult
    }

    private func hear(_ recording: ExploredRecording, _ thalamus: inout Thalamus, _ score: inout ExplorationScore) {
        var pending: [Pending] = []
        var woken: [(at: Timestamp, region: Region)] = []
        func take(_ thalamus: inout Thalamus) {
            for conclusion in thalamus.conclusions where conclusion.transition.isOpening {
                let (at, region) = (conclusion.transition.at, conclusion.transition.region)
                if conclusion.request != nil { woken.append((at, region)) }
                guard let result = recording.truth.outcome(at: at, region: region, grace: grace) else { continue }
                pending.append(
                    Pending(
                        due: at.advanced(milliseconds: after), opening: conclusion.id,
                        gate: conclusion.transition.gateID, result: result))
            }
            thalamus.conclusions.removeAll(keepingCapacity: true)
        }
        func learn(by moment: Timestamp, _ thalamus: inout Thalamus) {
            while let next = pending.first, next.due <= moment {
                thalamus.learn(next.result, opening: next.opening, gate: next.gate)
                pending.removeFirst()
            }
        }
        var now = recording.waves.first?.at ?? Timestamp(nanoseconds: 0)
        for wave in recording.waves {
            now = max(now, wave.at)
            learn(by: now, &thalamus)
            thalamus.advance(to: now)
            _ = try? thalamus.receive(subject: wave.subject.span.bytes, payload: wave.payload.span.bytes, arrival: nil)
            take(&thalamus)
        }
        learn(by: Timestamp(nanoseconds: .max), &thalamus)
        judge(woken, recording.truth, &score)
    }

    private func judge(
        _ woken: [(at: Timestamp, region: Region)], _ truth: TruthTimeline, _ score: inout ExplorationScore
    ) {
        score.calls += woken.count
        for fault in truth.faults {
            score.faults += 1
            let first = woken.filter { fault.isAbout($0.at, $0.region) }.map(\.at).min()
            guard let first else { continue }
            score.caught += 1
            if first.milliseconds(since: fault.from) <= Self.prompt { score.prompt += 1 }
        }
        for (at, region) in woken {
            switch truth.outcome(at: at, region: region, grace: grace) {
            case .failed: score.falseAlarms += 1
            case nil: score.unknown += 1
            case .confirmed, .partial: break
            }
        }
    }
}
