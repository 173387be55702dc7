import Logging
import NimmerBus
import NimmerIris
import NimmerPlatform
import NimmerProcess
import NimmerThalamus
import NimmerWave
import Synchronization

// How a region comes to its home: its name is embedded, it is compared with the homes that the log has, and what follows is written behind these.

extension RegionLog {
    /// Regions that are embedded at once.
    private static let batch = 32
    /// Failures of the stream before a region lives by itself.
    private static let mayFail = 2
    /// Attempts at one decision, of which each lost the race against another.
    private static let attempts = 64

    /// Decides about new regions until the task is cancelled.
    func decide() async {
        for await _ in wakes {
            while !Task.isCancelled {
                let taken = takeQueue(Self.batch)
                if taken.isEmpty { break }
                await decide(about: taken)
            }
        }
    }

    private func decide(about taken: [Region]) async {
        let known = homes.withLock { $0 }
        let regions = taken.filter { known.home(of: $0) == nil && decides($0) }
        guard !regions.isEmpty else {
            // What another has decided meanwhile was released with that.
            return
        }
        let answers = await answers(for: regions, in: deciding)
        await describeDeclared(answers)
        for (region, answer) in zip(regions, answers) {
            let isWritten = await write { homes, author in
                guard homes.home(of: region) == nil, homes.hasRoom else { return nil }
                return homes.assign(region, answer, by: author) { [models] in models.relation($0, $1) }
            }
            if !isWritten || homes.withLock({ $0.home(of: region) }) == nil {
                counters.withLock { $0.unlogged += 1 }
                release(region, to: nil, isDecided: false)
            }
        }
    }

    /// Embeds the regions that rules declare by the model that has just answered, so that others can join them.
    private func describeDeclared(_ answers: [Homes.Answer]) async {
        guard let model = answers.lazy.compactMap(\.model).first else { return }
        let missing = homes.withLock { $0.undescribed(by: model) }
        guard !missing.isEmpty else { return }
        for (region, answer) in zip(missing, await self.answers(for: missing, in: deciding)) {
            guard answer.model == model || homes.withLock({ $0.decisions[region] }) == nil else { continue }
            _ = await write { homes, author in
                guard homes.undescribed(by: model).contains(region) else { return nil }
                return homes.assign(region, answer, by: author) { _, _ in .open }
            }
        }
    }

    /// The embeddings of regions' names, each within the deadline; the reason where one is missing.
    func answers(for regions: [Region], in calls: AbandonedCalls) async -> [Homes.Answer] {
        if let answers = await embed(regions.map(\.text), in: calls) { return answers }
        guard regions.count > 1 else { return [.missing("\(EmbeddingError.timedOut)")] }
        // One that no model knows must not hide the others.
        var found: [Homes.Answer] = []
        for region in regions {
            found += await embed([region.text], in: calls) ?? [.missing("\(EmbeddingError.timedOut)")]
        }
        return found
    }

    /// - Returns: nil where the answer of several is an error, or did not come in time.
    private func embed(_ texts: [String], in calls: AbandonedCalls) async -> [Homes.Answer]? {
        let deadline = ContinuousClock.now + models.deadline
        // The model has a little longer than it was given, so that its own reason is known.
        let outcome = await calls.call(within: models.deadline + .milliseconds(50)) {
            [chain = models.chain] () async -> Result<EmbeddingAnswer, EmbeddingError> in
            do throws(EmbeddingError) { return .success(try await chain.embed(texts, deadline: deadline)) } catch {
                return .failure(error)
            }
        }
        switch outcome {
        case .late: return nil
        case .busy:
            return texts.map { _ in .missing("the model hangs: \(calls.inProgress) questions have not ended") }
        case .returned(.failure(let error)): return texts.count == 1 ? [.missing("\(error)")] : nil
        case .returned(.success(let answer)):
            guard answer.embeddings.count == texts.count else { return nil }
            return answer.embeddings.map { embedding in
                do throws(EmbeddingError) {
                    return .meaning(try NameMeaning(embedding, by: answer.model))
                } catch { return .missing("\(error)") }
            }
        }
    }

    /// Writes a decision behind all that is folded; where another came first, that is folded and decided on again.
    ///
    /// - Parameters:
    ///   - name: who decides; nil: this thalamus.
    ///   - make: the decision on top of the homes as they are; nil where none is needed any more.
    /// - Returns: false where the stream did not take it.
    func write(
        by name: String? = nil, _ make: (Homes, Homes.Author) -> RegionAssignment?
    ) async -> Bool {
        var failures = 0
        for _ in 0..<Self.attempts where !Task.isCancelled {
            let present = homes.withLock { $0 }
            guard let event = make(present, Homes.Author(name ?? process.source.entityID, at: .now())) else {
                return true
            }
            let subject = Subject.assignment(process.environment, of: event.region)
            let message = Envelope(id: .v7(), at: event.at, from: process.source, event)
            do throws(BusError) {
                let stored = try await process.bus.publishDurably(
                    subject, payload: message.encoded(), id: message.header.messageID,
                    headers: [Headers.expectedLast: "\(present.revision)"], timeout: .seconds(5))
                apply([(event, stored.sequence)])
                count(event)
                return true
            } catch {
                if error.code == .conflict {
                    counters.withLock { $0.conflicts += 1 }
                } else {
                    // It may be stored all the same.
                    failures += 1
                }
                do throws(BusError) { try await catchUp() } catch { failures += 1 }
                // An acknowledgement was lost: what came first is this very decision.
                let stored = homes.withLock { $0.decisions[event.region]?.event }
                if let stored, stored.at == event.at, stored.by == event.by, stored.home == event.home {
                    count(event)
                    return true
                }
                guard failures > Self.mayFail else { continue }
                warn(event, error)
                return false
            }
        }
        return false
    }

    private func warn(_ event: RegionAssignment, _ error: BusError) {
        process.logger.warning(
            "The log of regions takes no decision: the region lives by itself",
            metadata: ["region": "\(event.region)", "reason": "\(error)"])
    }
}

extension Homes.Answer {
    /// The model's name; nil where there is no embedding.
    var model: String? {
        if case .meaning(let meaning) = self { meaning.model } else { nil }
    }
}
