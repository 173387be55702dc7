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
        guard let from = try request.number("from"), let to = try request.number("to"), to > from, abs(from) < 1e14
        else {
            throw PageError("expected from and to in milliseconds since 1970, from before to")
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
        var (marks, oldest) = model.read { state, feed in
            state.addPageHistory(to: &history, numbers: feed.cells)
            return (feed.marks(from: history.from, to: history.to, state), state.oldestKept)
        }
        var sources: [String] = oldest.map { $0 < history.to } ?? false ? ["buffer"] : []
        var notes: [String] = []
        let seam = min(oldest ?? history.to, history.to)
        if history.from < seam {
            let read = await read(from: history.from, to: seam, into: &history)
            marks = read.marks + marks
            sources += read.sources
            notes = read.notes
            oldest = history.from
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

    private struct Past {
        var marks: [JSON] = []
        var sources: [String] = []
        var notes: [String] = []
    }

    /// Reads what was before the buffer.
    private func read(from: Int64, to: Int64, into history: inout PageHistory) async -> Past {
        var past = Past()
        var settings = settings
        settings.limits.messages = Self.maximumWaves
        settings.limits.ageMilliseconds = 2 * Self.longest
        var state = ScopeState(settings)
        let begin = await firstWave(from, to)
        if begin > from {
            if let store {
                do throws(MemoryError) {
                    let found = try await store.moments(
                        settings.environment, from: Timestamp(nanoseconds: from), to: Timestamp(nanoseconds: begin))
                    if found.isCut { past.notes.append("more happened than is shown: zoom in") }
                    take(found, into: &state)
                    past.sources.append("memory")
                } catch {
                    past.notes.append("PostgreSQL cannot be read: \(error.message.visible(limit: 160))")
                }
            } else {
                past.notes.append("the streams begin later, and no PostgreSQL is configured")
            }
        }
        if begin < to, let bus {
            do throws(BusError) {
                try await readStreams(bus, begin, to, &state)
                past.sources.append("streams")
            } catch {
                past.notes.append("the streams cannot be read: \(error.description.visible(limit: 160))")
            }
        }
        var feed = PageFeed()
        _ = feed.frames(of: state)
        let (marks, numbers) = model.translate(feed)
        past.marks = marks
        let isUnknown = state.addPageHistory(to: &history, numbers: numbers)
        if isUnknown { past.notes.append("cells that were not heard since this server started are left out") }
        return past
    }

    /// Moment at which the stream of waves takes over from long-term memory: its first wave, at most `to`; `to` where there is none.
    private func firstWave(_ from: Int64, _ to: Int64) async -> Int64 {
        guard let bus else { return to }
        let stream = SystemStreams.waves(settings.environment)
        let first = (try? await bus.read(stream: stream, start: .all, limit: 1, timeout: .seconds(5)))?.first
        return first.map { min(to, max(from, $0.message.at.nanoseconds)) } ?? to
    }

    /// Reads the streams into a state, in the order of time.
    private func readStreams(_ bus: any Bus, _ from: Int64, _ to: Int64, _ state: inout ScopeState)
        async throws(BusError)
    {
        let environment = settings.environment
        let (start, end) = (Timestamp(nanoseconds: from), Timestamp(nanoseconds: to))
        var found: [BusMessage] = []
        for stream in [
            SystemStreams.transitions(environment), SystemStreams.escalations(environment),
            SystemStreams.decisions(environment), SystemStreams.outcomes(environment),
        ] {
            do throws(BusError) {
                try await bus.read(stream: stream, start: .at(start), timeout: .seconds(5)) { batch in
                    found += batch.map(\.message).filter { $0.at < end }
                    return batch.last.map { $0.message.at < end } ?? false
                }
            } catch  where error.code == .notFound {}
        }
        let decisions = found.flatMap { PastMessages.following($0, environment) }
        var waves: [BusMessage] = []
        do throws(BusError) {
            try await bus.read(stream: SystemStreams.waves(environment), start: .at(start), timeout: .seconds(5)) {
                batch in
                waves += batch.map(\.message).filter { $0.at < end }
                return waves.count < Self.maximumWaves && batch.last.map { $0.message.at < end } ?? false
            }
        } catch  where error.code == .notFound {}
        for message in (decisions + waves).sorted(by: { $0.at < $1.at }) {
            _ = state.reduce(.message(subject: message.subject.text, payload: message.payload, arrival: message.at))
        }
    }

    /// Adds what long-term memory holds: openings with their witnesses as waves.
    private func take(_ found: RememberedMoments, into state: inout ScopeState) {
        let environment = settings.environment
        var messages: [(at: Timestamp, subject: Subject, payload: [UInt8])] = []
        for message in found.transitions {
            messages.append((message.body.at, .transition(environment, gate: message.body.gateID), message.encoded()))
            for signal in message.body.triggerSignals {
                guard let sender = try? Token(signal.source) else { continue }
                var wave = WaveSignal(
                    domain: message.body.domain, confidence: signal.confidence, semanticContent: [:], lifeforceCost: 0)
                wave.region = message.body.region
                wave.origin = signal.origin
                wave.polarity = signal.polarity
                let envelope = Envelope(
                    id: .v7(), at: signal.timestamp, from: Source(entityID: signal.source, entityType: .cell), wave)
                messages.append((signal.timestamp, .wave(environment, cell: sender), envelope.encoded()))
            }
        }
        messages += found.collapses.map { ($0.body.windowEnd, .collapse(environment), $0.encoded()) }
        messages += found.requests.map { ($0.header.timestamp, .cognitiveRequest(environment), $0.encoded()) }
        messages += found.responses.map { ($0.header.timestamp, .cognitiveResponse(environment), $0.encoded()) }
        messages += found.outcomes.map {
            ($0.body.at, .acceptedOutcome(environment, gate: $0.body.gateID), $0.encoded())
        }
        for message in messages.sorted(by: { $0.at < $1.at }) {
            _ = state.reduce(.message(subject: message.subject.text, payload: message.payload, arrival: message.at))
        }
    }
}
