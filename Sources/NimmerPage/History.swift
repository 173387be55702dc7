import NimmerBus
import NimmerMemory
import NimmerMemoryPostgres
import NimmerOutput
import NimmerScope
import NimmerScopeSession
import NimmerWave

/// A stretch of the past for a page: from what is kept here, before that from the streams, before these from PostgreSQL, without a seam
/// (web.md, History). What is read runs through the same reducer as what is heard.
package struct History: Sendable {
    let model: PageModel
    let settings: ScopeSettings
    let bus: (any Bus)?
    let store: PostgresStore?

    /// Waves that are read from the streams for one answer at most.
    private static let maximumWaves = 400_000
    /// Other messages that are read from each stream for one answer at most.
    private static let maximumDecisions = 20_000
    /// Time for which a stream may give nothing.
    private static let timeout = Duration.seconds(5)
    /// Longest stretch of one answer, in milliseconds: 31 days.
    private static let longest = 31 * 86_400_000.0

    package init(_ model: PageModel, _ settings: ScopeSettings, bus: (any Bus)?, store: PostgresStore?) {
        self.model = model
        self.settings = settings
        self.bus = bus
        self.store = store
    }

    /// The answer to a page.
    ///
    /// - Throws: ``PageError`` for a stretch that is not one.
    package func answer(_ request: PageRequest) async throws(PageError) -> JSONObject {
        guard let from = try request.number("from"), let to = try request.number("to"), to > from,
            from >= Timestamp.earliest.milliseconds, to <= Timestamp.latest.milliseconds
        else {
            throw PageError(
                "expected from and to in milliseconds since 1970, from before to, within the years 1678 to 2261")
        }
        guard to - from <= Self.longest else {
            throw PageError("a history is of at most 31 days; found \(decimals((to - from) / 86_400_000, 1)) days")
        }
        let columns = Int(saturating: try request.number("columns") ?? 600)
        guard (1...PageHistory.maximumColumns).contains(columns) else {
            throw PageError("columns must be 1 to \(PageHistory.maximumColumns); found \(columns)")
        }
        var history = PageHistory(
            from: Timestamp(milliseconds: from).nanoseconds, to: Timestamp(milliseconds: to).nanoseconds,
            columns: columns)
        var (marks, oldest, oldestMark) = model.read { state, feed in
            state.addPageHistory(to: &history, numbers: feed.cells)
            return (feed.marks(from: history.from, to: history.to, state), state.oldestKept, feed.oldestMark(state))
        }
        var sources: [String] = oldest.map { $0 < history.to } ?? false ? ["buffer"] : []
        var notes: [String] = []
        // Waves and events are kept apart: each is read up to where its own begin.
        let seam = min(oldest ?? history.to, history.to)
        let markSeam = min(oldestMark ?? seam, history.to)
        if history.from < max(seam, markSeam) {
            let read = await read(from: history.from, to: max(seam, markSeam), wavesUntil: seam, into: &history)
            let before = Timestamp(nanoseconds: markSeam).milliseconds
            // A stream's time of a message is before the one at which it was heard: at the seam it can be in both.
            var known = Set(marks.compactMap(Self.identity))
            marks =
                read.marks.filter { mark in
                    mark["t"]?.double ?? 0 < before && Self.identity(mark).map { known.insert($0).inserted } ?? true
                } + marks
            sources += read.sources
            notes = read.notes
        }
        var object: JSONObject = [
            "from": .number(from), "to": .number(to), "columns": PageText.count(columns), "cells": history.json,
            "marks": .array(marks),
            "source": .string(sources.count == 1 ? sources[0] : sources.isEmpty ? "none" : "mixed"),
            "complete": .bool(notes.isEmpty),
        ]
        if !notes.isEmpty { object["note"] = .string(notes.joined(separator: "; ")) }
        return object
    }

    /// Kind and id of an event; nil for one without an id.
    private static func identity(_ mark: JSON) -> String? {
        mark["id"]?.string.map { "\(mark["k"]?.string ?? "") \($0)" }
    }

    private struct Past {
        var marks: [JSON] = []
        var sources: [String] = []
        var notes: [String] = []
    }

    /// Reads what was before the buffer.
    private func read(
        from: Int64, to: Int64, wavesUntil: Int64, into history: inout PageHistory
    ) async -> Past {
        var past = Past()
        var settings = settings
        settings.limits.messages = Self.maximumWaves + Self.maximumDecisions
        settings.limits.waveBytes = 1 << 20
        settings.limits.eventBytes = 32 << 20
        settings.limits.ageMilliseconds = 2 * Self.longest
        var state = ScopeState(settings)
        do throws(BusError) {
            let first = try await streams(from, to)
            if first.decisions > from { await readMemory(from, first.decisions, &state, &past) }
            if first.decisions < to { past.sources.append("streams") }
            try await readStreams(first, from, to, &state, &past)
        } catch {
            past.notes.append("the streams cannot be read: \(error.description.visible(limit: 160))")
            await readMemory(from, to, &state, &past)
        }
        var feed = PageFeed(keeping: .max)
        _ = feed.frames(of: state)
        let (marks, numbers) = model.translate(feed)
        past.marks = marks
        let isUnknown = state.addPageHistory(to: &history, numbers: numbers, until: wavesUntil)
        if isUnknown { past.notes.append("cells that were not heard since this server started are left out") }
        return past
    }

    /// First moments that the streams hold, within a stretch; its end where they hold nothing.
    private struct Begins {
        var decisions: Int64
        var waves: Int64
    }

    private func streams(_ from: Int64, _ to: Int64) async throws(BusError) -> Begins {
        guard let bus else { return Begins(decisions: to, waves: to) }
        func first(_ stream: String) async throws(BusError) -> Int64 {
            do throws(BusError) {
                let found = try await bus.read(stream: stream, start: .all, limit: 1, timeout: Self.timeout).first
                return found.map { min(to, max(from, $0.message.at.nanoseconds)) } ?? to
            } catch {
                guard error.code == .notFound || error.code == .noStreams else { throw error }
                return to
            }
        }
        return Begins(
            decisions: try await first(SystemStreams.transitions(settings.environment)),
            waves: try await first(SystemStreams.waves(settings.environment)))
    }

    /// Reads what was before the streams; an opening's witnesses stand for the waves.
    private func readMemory(_ from: Int64, _ to: Int64, _ state: inout ScopeState, _ past: inout Past) async {
        guard let store else { return past.notes.append("the streams begin later, and no PostgreSQL is configured") }
        do throws(MemoryError) {
            let found = try await store.moments(
                settings.environment, from: Timestamp(nanoseconds: from), to: Timestamp(nanoseconds: to))
            if found.isCut { past.notes.append("more happened than is shown: zoom in") }
            take(found, into: &state)
            past.sources.append("memory")
        } catch {
            past.notes.append("PostgreSQL cannot be read: \(error.message.visible(limit: 160))")
        }
    }

    /// Reads the streams into a state, in the order of time, waves a batch at a time.
    private func readStreams(
        _ begin: Begins, _ from: Int64, _ to: Int64, _ state: inout ScopeState, _ past: inout Past
    ) async throws(BusError) {
        guard let bus else { return }
        let environment = settings.environment
        let (start, end) = (Timestamp(nanoseconds: from), Timestamp(nanoseconds: to))
        var decisions: [BusMessage] = []
        for stream in [
            SystemStreams.transitions(environment), SystemStreams.escalations(environment),
            SystemStreams.decisions(environment), SystemStreams.outcomes(environment),
        ] {
            do throws(BusError) {
                try await bus.read(stream: stream, start: .at(start), timeout: Self.timeout) { batch in
                    decisions += batch.map(\.message).filter { $0.at < end }
                    return decisions.count < Self.maximumDecisions && batch.last.map { $0.message.at < end } ?? false
                }
            } catch {
                guard error.code == .notFound || error.code == .noStreams else { throw error }
            }
        }
        if decisions.count >= Self.maximumDecisions { past.notes.append("more happened than is shown: zoom in") }
        decisions = decisions.flatMap { PastMessages.following($0, environment) }
        // Where no waves are kept, an opening's witnesses stand for them.
        for message in decisions where message.at.nanoseconds < begin.waves {
            guard let opening = try? Envelope<GateTransition>(decoding: message.payload, on: message.subject) else {
                continue
            }
            decisions += witnesses(of: opening).map { BusMessage(subject: $0.subject, payload: $0.payload, at: $0.at) }
        }
        decisions.sort { $0.at < $1.at }
        var (next, waves) = (0, 0)
        func take(_ message: BusMessage) {
            _ = state.reduce(.message(subject: message.subject.text, payload: message.payload, arrival: message.at))
        }
        if begin.waves < to {
            try await bus.read(stream: SystemStreams.waves(environment), start: .at(start), timeout: Self.timeout) {
                batch in
                for stored in batch where stored.message.at < end {
                    while next < decisions.count, decisions[next].at <= stored.message.at {
                        take(decisions[next])
                        next += 1
                    }
                    take(stored.message)
                }
                waves += batch.count
                return waves < Self.maximumWaves && batch.last.map { $0.message.at < end } ?? false
            }
            if waves >= Self.maximumWaves { past.notes.append("more waves came than are shown: zoom in") }
        }
        for message in decisions[next...] { take(message) }
    }

    private typealias Message = (at: Timestamp, subject: Subject, payload: [UInt8])

    /// The witnesses of a change of a gate, as waves.
    private func witnesses(of message: Envelope<GateTransition>) -> [Message] {
        message.body.triggerSignals.compactMap { signal in
            guard let sender = try? Token(signal.source) else { return nil }
            let wave = WaveSignal(
                domain: message.body.domain, confidence: signal.confidence, semanticContent: [:],
                region: message.body.region, polarity: signal.polarity, origin: signal.origin)
            let source = Source(entityID: signal.source, entityType: .cell)
            let envelope = Envelope(id: .v7(), at: signal.timestamp, from: source, wave)
            return (signal.timestamp, .wave(settings.environment, cell: sender), envelope.encoded())
        }
    }

    /// Adds what long-term memory holds: openings with their witnesses as waves.
    private func take(_ found: RememberedMoments, into state: inout ScopeState) {
        let environment = settings.environment
        var messages: [Message] = []
        for message in found.transitions {
            messages.append((message.body.at, .transition(environment, gate: message.body.gateID), message.encoded()))
            messages += witnesses(of: message)
        }
        messages += found.collapses.map { ($0.body.windowEnd, .collapse(environment), $0.encoded()) }
        messages += found.requests.map { ($0.header.timestamp, .cognitiveRequest(environment), $0.encoded()) }
        messages += found.responses.map { ($0.header.timestamp, .cognitiveResponse(environment), $0.encoded()) }
        messages += found.outcomes.map {
            ($0.body.at, .acceptedOutcome(environment, gate: $0.body.gateID), $0.encoded())
        }
        messages += found.acts.map { ($0.body.at, .act(environment), $0.encoded()) }
        for message in messages.sorted(by: { $0.at < $1.at }) {
            _ = state.reduce(.message(subject: message.subject.text, payload: message.payload, arrival: message.at))
        }
    }
}
