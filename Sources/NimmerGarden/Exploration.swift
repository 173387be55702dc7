import NimmerGate
import NimmerPlatform
import NimmerSystem
import NimmerWave

/// A seeded search for better settings of gates, on recorded waves, scored by their truth. It proposes; a person decides.
package struct Exploration: Sendable {
    /// A candidate that was tried.
    package struct Found: Sendable, Hashable {
        package let candidate: ExplorationCandidate
        package let score: ExplorationScore
        /// Its number, from 1.
        package let number: Int

        /// Returns whether it is better than another: by value, then by fewer questions, then by fewer settings that differ, then by
        /// being found first.
        func isBetter(than other: Found) -> Bool {
            if score.value != other.score.value { return score.value > other.score.value }
            if score.calls != other.score.calls { return score.calls < other.score.calls }
            let (own, others) = (candidate.settings.count, other.candidate.settings.count)
            return own == others ? number < other.number : own < others
        }
    }

    /// Part of the evaluations that are chosen by chance; the others are neighbours of the best.
    private static let chosenByChance = 0.3
    /// The best whose neighbours are tried.
    private static let elite = 8
    /// Candidates in a row that were tried before, after which nothing new is to be found.
    private static let giveUpAfter = 2_000

    /// Score of the real system.
    package let real: ExplorationScore
    /// All that was tried, in order.
    package private(set) var tried: [Found] = []

    private let system: SystemFile
    private let environment: Environment
    private let recordings: [ExploredRecording]
    private let trial: ExplorationTrial
    private let earnsTrust: Bool
    private var chance: SplitMix
    private var seen: Set<ExplorationCandidate> = [ExplorationCandidate()]

    /// An exploration that has tried the real system alone.
    ///
    /// - Throws: a ``Refusal`` where the system's regions are invalid.
    package init(
        _ system: SystemFile, environment: Environment, _ recordings: [ExploredRecording], trial: ExplorationTrial,
        seed: UInt64
    ) throws(Refusal) {
        self.system = system
        self.environment = environment
        self.recordings = recordings
        self.trial = trial
        chance = SplitMix(seed: seed)
        let gates =
            [system.gates.defaults] + system.gates.regions.map { system.gates.defaults.merged(with: $0.overrides) }
        earnsTrust = gates.contains { $0.trust == .earned }
        real = try trial.run(system, environment: environment, recordings)
    }

    /// Tries the next candidate.
    ///
    /// - Parameter budget: evaluations that there are in all: they decide how long chance alone chooses.
    /// - Returns: what was tried; nil where nothing new is to be found.
    package mutating func step(of budget: Int) throws(Refusal) -> Found? {
        for _ in 0..<Self.giveUpAfter {
            let candidate = next(budget)
            guard seen.insert(candidate).inserted, let variant = candidate.variant("explored", of: system) else {
                continue
            }
            let score = try trial.run(system.applying(variant), environment: environment, recordings)
            let found = Found(candidate: candidate, score: score, number: tried.count + 1)
            tried.append(found)
            return found
        }
        return nil
    }

    private mutating func next(_ budget: Int) -> ExplorationCandidate {
        let isByChance = tried.isEmpty || Double(tried.count) < Double(budget) * Self.chosenByChance
        guard !isByChance else { return ExplorationCandidate(&chance, earnsTrust: earnsTrust) }
        let elite = best(Self.elite)
        return elite[chance.number(below: elite.count)].candidate.neighbour(&chance, earnsTrust: earnsTrust)
    }

    /// The best that were tried, the best first.
    package func best(_ count: Int) -> [Found] { Array(tried.sorted { $0.isBetter(than: $1) }.prefix(count)) }

    /// Proposals: the best of each score, as far as they are better than the real system.
    package func proposals(_ count: Int) -> [Found] {
        let standing = Found(candidate: ExplorationCandidate(), score: real, number: 0)
        var scores: Set<ExplorationScore> = []
        return Array(
            tried.sorted { $0.isBetter(than: $1) }
                .filter { $0.isBetter(than: standing) && scores.insert($0.score).inserted }.prefix(count))
    }
}
