import Logging
import NimmerBus
import NimmerProcess
import NimmerThalamus
import NimmerWave
import Synchronization

// Gates continue from what the streams hold of them.

extension ThalamusProcess {
    /// Takes up each gate where its last transition left it, the outcomes that came after it, and what an earlier run has not published
    /// yet (protocol.md, What an acknowledgement means).
    ///
    /// - Parameters:
    ///   - part: the part of the regions that is taken up; 0 where they are not shared.
    ///   - isOurs: whether a gate belongs to it.
    func resume(part: Int = 0, _ isOurs: @Sendable (GateID) -> Bool) async throws {
        try await outcomes.turns.alone(in: part) { try await takeUp(isOurs) }
    }

    private func takeUp(_ isOurs: @Sendable (GateID) -> Bool) async throws {
        let env = process.environment
        let stream = SystemStreams.transitions(env)
        let last = try await bus.lastPerSubject(stream: stream, filter: .transitions(env))
        var found = LastTransitions()
        func look(at stored: StoredMessage) {
            // The gates of cells and nerves are their own.
            guard let gate = GateID(transition: stored.message.subject), gate.owner == nil, isOurs(gate) else { return }
            let message: Envelope<GateTransition>
            do throws(Refusal) {
                message = try Envelope(decoding: stored.message.payload, on: stored.message.subject)
            } catch { return announcer.reject(error, stored.message) }
            found.take(message, storedAt: stored.message.at)
        }
        for stored in last { look(at: stored) }
        // Older versions could store a transition behind a later one of its gate, when they published it again. After a restore all that
        // there is was stored lately.
        if let latest = last.map(\.message.at).max() {
            let before = latest.advanced(milliseconds: -LastTransitions.disorderMilliseconds)
            try await bus.read(stream: stream, filter: .transitions(env), start: .at(before)) { batch in
                for stored in batch { look(at: stored) }
                return true
            }
        }
        for stored in last where GateID(transition: stored.message.subject).map(isOurs) ?? false {
            outbox.reconcile(stored.message.subject, newest: StoredIdentity(stored))
        }
        outbox.forEachWaiting { message in
            guard let transition = try? Envelope<GateTransition>(decoding: message.payload, on: message.subject),
                isOurs(transition.body.gateID)
            else { return }
            found.take(transition, storedAt: .now())
        }
        var read = try await AcceptedOutcomes.read(bus, env, where: isOurs, refuse: announcer.reject)
        for (gate, identity) in read.stored {
            outbox.reconcile(.acceptedOutcome(env, gate: gate), newest: identity)
        }
        for waiting in acceptedWaiting(where: isOurs) { read.take(waiting.body) }
        let accepted = read
        let (awaited, opined) = try await openings(
            accepted, opined: try await self.opined(where: isOurs), where: isOurs)
        let all = try await outcomes.stored()
        let judged = try await judged(accepted, all)
        outcomes.resume(judged)
        var pending: [Outcomes.Stored] = []
        var lessons: [Lesson] = []
        var published: [GateID: Set<MessageID>] = [:]
        for outcome in all {
            let gate = outcome.opening.gate
            guard isOurs(gate),
                let region = found[gate]?.transition.body.region ?? accepted.last[gate]?.region
            else { continue }
            // Trust that is earned has its own stream, and only what was not judged is to be learned; of declared trust the last
            // transition holds the sum.
            let isEarned = configuration.earnsTrust(region)
            let isJudged = outcome.sequence <= judged[gate]?.sequence ?? 0
            guard isEarned ? !isJudged : storedAfter(outcome, found) else { continue }
            if found.isLast(outcome.opening.id, of: gate),
                !all.contains(where: { $0.opening == outcome.opening && $0.sequence < outcome.sequence })
            {
                outcomes.opened(gate, outcome.opening.id)
            }
            if isEarned {
                pending.append(outcome)
                continue
            }
            guard outcome.claim == .outcome else { continue }
            if published[gate] == nil {
                published[gate] = Set(try await self.accepted(of: gate).compactMap(\.verification))
            }
            // That it counts is known already, whatever its opening's state is now.
            if published[gate]?.contains(outcome.id) == true {
                lessons.append(Lesson(outcome: outcome, opening: nil, isPublished: true))
                continue
            }
            if let refusal = try await outcomes.refusal(of: outcome, by: verifiers) {
                announcer.reject(refusal, outcome.message)
                continue
            }
            switch try await outcomes.judge(outcome, isEarned: false, self.accepted(of:)) {
            // Of a part that comes back: its gates were forgotten, and what they had learned since their last transition with them.
            case .learn, .known:
                let opening = try await outcomes.stored(outcome.opening)
                lessons.append(Lesson(outcome: outcome, opening: opening, isPublished: isJudged))
            case .refuse(let refusal): announcer.reject(refusal, outcome.message)
            case .look, .replace, .takeBack: break
            }
        }
        settle { thalamus in
            let now = thalamus.clock.read(.now())
            for stored in last where GateID(transition: stored.message.subject).map(isOurs) ?? false {
                outbox.know(stored.message.subject, last: stored.sequence, id: StoredIdentity(stored).id)
            }
            for item in found.inOrder {
                thalamus.resume(item.body, id: item.header.messageID, now: now)
            }
            for outcome in accepted.last.values {
                if let records = outcome.origins { thalamus.restore(records, region: outcome.region) }
            }
            for (gate, identity) in accepted.stored {
                outbox.know(.acceptedOutcome(env, gate: gate), last: identity.sequence, id: identity.id)
            }
            for (region, openings) in awaited { thalamus.restore(openings, region: region) }
            for lesson in lessons.filter(\.isPublished).map(\.outcome) {
                thalamus.learn(lesson.result, opening: lesson.opening.id, gate: lesson.opening.gate)
            }
            thalamus.advance(to: now)
        }
        for lesson in lessons where !lesson.isPublished { _ = accept(lesson.outcome, lesson.opening) }
        // A rule corrects a mind's opinion, as any other outcome does.
        try await ruled.resume(
            (awaited.flatMap(\.openings.openings) + opined).sorted {
                ($0.body.at, $0.body.gateID) < ($1.body.at, $1.body.gateID)
            })
        for outcome in pending { try await outcomes.take(outcome, self) }
        // What came while these were read.
        for outcome in try await outcomes.stored(after: all.last?.sequence ?? 0) where isOurs(outcome.opening.gate) {
            if all.isEmpty, let known = found[outcome.opening.gate], outcome.message.at <= known.storedAt { continue }
            try await outcomes.take(outcome, self)
        }
        // Among them may be some that are open: they release in their time, also when no wave comes.
        opened.yield()
        if !found.isEmpty { process.logger.info("Took up gates", metadata: ["gates": "\(found.gates.count)"]) }
    }

    private func storedAfter(_ outcome: Outcomes.Stored, _ found: LastTransitions) -> Bool {
        found.precedes(outcomeOf: outcome.opening.gate, storedAt: outcome.message.at)
    }

    /// Takes up gates again that another thalamus has judged while this one was cut off: what they
    /// concluded here and had not published is given up, and they continue from what is stored.
    func retake(_ shards: Shards?) async {
        let stream = SystemStreams.transitions(process.environment)
        for await subject in superseded {
            if let gate = GateID(accepted: subject) {
                process.logger.warning(
                    "Another thalamus has accepted outcomes of this gate: continuing from what is stored",
                    metadata: ["gate": "\(gate)"])
                // Another thalamus judges the outcomes of what it has.
                if shards?.judges(gate) ?? true { await restoreTrust(of: gate, isSuperseded: true, shards) }
                continue
            }
            guard let gate = GateID(transition: subject) else { continue }
            process.logger.warning(
                "Dropped the conclusions of this gate: continuing from what is stored",
                metadata: ["gate": "\(gate)"])
            while !Task.isCancelled {
                do throws(BusError) {
                    let stored = try await bus.lastMessage(stream: stream, subject: subject)
                    settle { thalamus in
                        ruled.forgetUnstored(of: gate)
                        guard shards?.judges(gate) ?? true else { return }
                        outbox.know(
                            subject, last: stored?.sequence ?? 0, id: stored.flatMap { StoredIdentity($0).id })
                        guard let stored, gate.owner == nil,
                            let last = try? Envelope<GateTransition>(
                                decoding: stored.message.payload, on: stored.message.subject)
                        else { return }
                        let now = thalamus.clock.read(.now())
                        thalamus.resume(last.body, id: last.header.messageID, now: now)
                        thalamus.advance(to: now)
                    }
                    opened.yield()
                    if earnsTrust(gate) { await restoreTrust(of: gate, isSuperseded: false, shards) }
                    break
                } catch {
                    do { try await Task.sleep(for: .milliseconds(200)) } catch { return }
                }
            }
        }
    }
}

/// An outcome that a weight that is declared learns from at the start.
private struct Lesson {
    let outcome: Outcomes.Stored
    /// The opening as it is stored, where it is known.
    let opening: GateTransition?
    /// Indicates whether it counts already: it is not published again.
    let isPublished: Bool
}
