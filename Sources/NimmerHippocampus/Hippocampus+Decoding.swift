import NimmerBus
import NimmerMemory
import NimmerSystem
import NimmerWave
import Synchronization

extension Hippocampus {
    /// Entries of a message; one that cannot be read is set aside.
    func decode(_ message: BusMessage) -> [MemoryEntry] {
        let subject = message.subject.text
        do throws(Refusal) {
            let provenance = try Provenance(of: subject)
            if provenance.types == [.verificationOutcome] {
                _ = try provenance.authority(hasIdentities: bus.identity != nil)
            }
            var entries = try MemoryEntry.entries(
                decoding: message.payload, subject: subject, environment: environment)
            for index in entries.indices {
                guard case .accepted(let outcome, _) = entries[index].row else { continue }
                let amount = earnings.amount(outcome.body.result, in: outcome.body.region)
                entries[index].row = .accepted(outcome, lifeforce: amount)
            }
            return entries
        } catch {
            state.withLock { $0.rejected += 1 }
            reject(error, message)
            return [
                MemoryEntry(rejecting: message.payload, subject: subject, environment: environment, because: error)
            ]
        }
    }
}
