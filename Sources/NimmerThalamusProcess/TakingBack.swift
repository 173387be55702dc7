import NimmerBus
import NimmerProcess
import NimmerThalamus
import NimmerWave
import Synchronization

// Outcomes are taken back, and trust is reset (trust.md, Taking back): what a gate holds afterwards is published as what it learns is, so
// that every thalamus continues from the same sum.

extension ThalamusProcess {
    /// Takes the outcome of an opening back; where the message is an outcome itself, that counts instead.
    ///
    /// - Returns: the refusal where it has no effect.
    func takeBack(_ outcome: Outcomes.Stored) async throws(BusError) -> Refusal? {
        let (gate, id) = (outcome.opening.gate, outcome.opening.id)
        while true {
            let revision = acceptances.load(ordering: .sequentiallyConsistent)
            let log = TrustLog(try await accepted(of: gate))
            guard let known = log.outcome(of: id) else { return TrustLog.nothing(id) }
            guard configuration.earnsTrust(known.region) else { return TrustLog.declared(id) }
            if outcome.claim == .withdrawal {
                do throws(Refusal) { try verifiers.check(withdrawal: outcome.name, of: known) } catch { return error }
            }
            let isReplaced = outcome.claim != .withdrawal
            let memory = configuration.trustMemory(known.region)
            let limit = configuration.maximumRecords(known.region)
            let records: [OriginRecord]
            do throws(Refusal) { records = try log.records(without: id, memory: memory, limit: limit) } catch {
                return error
            }
            var fold = TrustFold(records, limit: limit)
            if isReplaced {
                fold.count(outcome.result, weight: 1, witnesses: known.witnesses, memory: memory)
            }
            let left = fold.records
            let isDone = thalamus.withLock { thalamus -> Bool in
                guard acceptances.load(ordering: .sequentiallyConsistent) == revision else { return false }
                thalamus.takeBack(known, leaving: left, isReplaced: isReplaced)
                publish(
                    AcceptedOutcome(
                        gateID: gate, region: known.region, opening: id, opener: known.opener,
                        witnesses: known.witnesses,
                        sender: outcome.sender, result: isReplaced ? outcome.result : known.result, at: .now(),
                        origins: left, kind: isReplaced ? .replacement : .withdrawal, verification: outcome.id),
                    in: thalamus, sequence: outcome.sequence)
                return true
            }
            if isDone {
                outbox.push()
                return nil
            }
        }
    }

    /// Forgets what outcomes have shown of a region's origins, or of one of them.
    ///
    /// - Parameter sender: the person who asks.
    /// - Returns: what is left; nil where nothing was held.
    func resetTrust(of region: Region, origin: Token?, by sender: String) -> [OriginRecord]? {
        let gate = GateID(region: region)
        let left = thalamus.withLock { thalamus -> [OriginRecord]? in
            let before = thalamus.records(of: region)
            let left = thalamus.resetTrust(of: region, origin: origin)
            let forgotten = before.map(\.origin).filter { origin in !left.contains { $0.origin == origin } }
            guard let first = forgotten.first else { return nil }
            let id = MessageID.v7()
            publish(
                AcceptedOutcome(
                    gateID: gate, region: region, opening: id, opener: first, witnesses: forgotten, sender: sender,
                    result: .partial, at: .now(), origins: left, kind: .reset), in: thalamus, sequence: 0)
            return left
        }
        outbox.push()
        return left
    }
}
