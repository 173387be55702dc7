import NimmerGate
import NimmerScope
import NimmerWave

/// Trust of a gate now, and what each outcome of its last opening would lead to: by the arithmetic of the gate itself.
struct TrustForecast {
    let now: Double
    let isEarned: Bool
    private var after: [VerificationResult: Double] = [:]

    /// - Parameters:
    ///   - explanation: the thalamus's of the gate; nil where it did not answer.
    ///   - opener: the origin whose trust counts where it is earned.
    ///   - fallback: the trust at the opening.
    init(_ explanation: JSON?, opener: String?, fallback: Double) {
        isEarned = explanation?["trust"]?.string == TrustSource.earned.rawValue
        var configuration = GateConfiguration()
        configuration.trust = isEarned ? .earned : .declared
        for key in ["prior_outcomes", "failed_weight", "trust_memory", "reflex_weight"] {
            if let value = explanation?[key]?.double { try? configuration.set(key, value) }
        }
        guard isEarned else {
            let weight = explanation?["weight"]?.double ?? fallback
            now = weight
            for result in VerificationResult.allCases {
                configuration.weight = min(1, max(0, weight))
                var gate = Gate(configuration)
                gate.learn(result)
                after[result] = gate.weight
            }
            return
        }
        let record = (explanation?["origins"]?.array ?? []).first { $0["origin"]?.string == opener }
        let (confirmed, failed) = (record?["ok"]?.double ?? 0, record?["failed"]?.double ?? 0)
        let prior = configuration.priorOutcomes
        let trust = record?["trust"]?.double ?? fallback
        // The weight before the first outcome follows from the trust that the thalamus states of the record.
        let weight =
            explanation?["prior_weight"]?.double
            ?? (trust * (prior + confirmed + configuration.failedWeight * failed) - confirmed) / prior
        now = trust
        for result in VerificationResult.allCases {
            var (ok, bad) = (confirmed, failed)
            OriginTrust.count(result, weight: 1, memory: configuration.trustMemory, &ok, &bad)
            after[result] = min(1, max(0, (prior * weight + ok) / (prior + ok + configuration.failedWeight * bad)))
        }
    }

    var json: JSONObject {
        var object: JSONObject = ["now": PageText.number(now), "earned": .bool(isEarned)]
        for result in VerificationResult.allCases {
            object[result.rawValue] = after[result].map { PageText.number($0) } ?? .null
        }
        return object
    }
}
