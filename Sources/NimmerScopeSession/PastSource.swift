import NimmerBus
import NimmerOutput
import NimmerScope
import NimmerWave

/// Brings into a mailbox what the streams still hold (`--since`), in the order in which it happened, before what is heard now.
package struct PastSource {
    package let bus: any Bus
    package let environment: Environment
    package let patterns: [SubjectPattern]
    package let ignored: [SubjectPattern]

    /// Time for which a stream may give nothing.
    private let timeout: Duration

    package init(
        bus: any Bus, environment: Environment, patterns: [SubjectPattern], ignored: [SubjectPattern],
        timeout: Duration = .seconds(60)
    ) {
        self.timeout = timeout
        self.bus = bus
        self.environment = environment
        self.patterns = patterns
        self.ignored = ignored
    }

    /// A message read from a stream at the same moment may have been heard too.
    private static let overlapMilliseconds = 2000.0

    /// Reads everything since a moment, and returns what is missing. Messages that arrive meanwhile must be held back; they are released
    /// afterwards.
    package func read(since start: Timestamp, into mailbox: Mailbox) async throws {
        let began = Timestamp.now().advanced(milliseconds: -Self.overlapMilliseconds)
        var overlap: Set<[UInt8]> = []
        func post(_ message: BusMessage) {
            let subject = message.subject.text
            guard patterns.contains(where: { $0.matches(subject) }), !ignored.contains(where: { $0.matches(subject) })
            else { return }
            if message.at >= began { overlap.insert(message.payload) }
            mailbox.postPast(subject: subject, payload: message.payload, arrival: message.at)
        }
        var decisions: [BusMessage] = []
        for stream in [
            SystemStreams.transitions(environment), SystemStreams.escalations(environment),
            SystemStreams.decisions(environment), SystemStreams.outcomes(environment),
        ] {
            if let held = try await optional({ try await bus.read(stream: stream, start: .at(start), timeout: timeout) }
            ) {
                decisions += held.flatMap { PastMessages.following($0.message, environment) }
            }
        }
        decisions.sort { $0.at < $1.at }
        var next = 0
        let waves = SystemStreams.waves(environment)
        let hasWaves: Void? = try await optional {
            try await bus.read(stream: waves, start: .at(start), timeout: timeout) { batch in
                for stored in batch {
                    while next < decisions.count, decisions[next].at <= stored.message.at {
                        post(decisions[next])
                        next += 1
                    }
                    post(stored.message)
                }
                while mailbox.isCrowded, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(5)) }
                return true
            }
        }
        for decision in decisions[next...] { post(decision) }
        if hasWaves == nil {
            let missing = "there is no stream \(waves); the thalamus keeps one with its setting keep_waves"
            mailbox.post(.notice("no waves of the past: \(missing)", at: .now()))
        }
        mailbox.release(except: overlap)
    }

    /// Nil where there is no such stream, or no streams at all.
    private func optional<Value>(_ body: () async throws -> Value) async throws -> Value? {
        do {
            return try await body()
        } catch let error as BusError where error.code == .notFound || error.code == .noStreams {
            return nil
        }
    }
}

/// A stretch of time as `--since` takes it: `90s`, `10m`, `2h`, `1d`, or the moment itself.
package enum SinceOption {
    /// The moment that a text names, seen from now.
    ///
    /// - Throws: ``Failure`` when it names none.
    package static func moment(_ text: String, now: Timestamp) throws(Failure) -> Timestamp {
        if let moment = try? Timestamp(rfc3339: text) { return moment }
        guard let milliseconds = milliseconds(text) else {
            throw Failure(
                .usage, "--since \(text) is not a duration", remedy: "for example 90s, 10m, 2h or 1d")
        }
        return now.advanced(milliseconds: -milliseconds)
    }

    /// Length of a stretch of time; nil when the text is not one, or one of more than thirty days.
    package static func milliseconds(_ text: String) -> Double? {
        guard let milliseconds = TimeSpan.milliseconds(text), milliseconds > 0, milliseconds <= 30 * 86_400_000 else {
            return nil
        }
        return milliseconds
    }
}

/// Messages of the streams as observers heard them.
package enum PastMessages {
    /// A message, and where it is an opening what observers hear of it besides: the streams keep an opening as one.
    package static func following(_ message: BusMessage, _ environment: Environment) -> [BusMessage] {
        guard let opening = try? Envelope<GateTransition>(decoding: message.payload, on: message.subject),
            let collapse = opening.collapsed
        else { return [message] }
        var all = [message, BusMessage(subject: .collapse(environment), payload: collapse.encoded(), at: message.at)]
        if let request = opening.escalated {
            all.append(
                BusMessage(subject: .cognitiveRequest(environment), payload: request.encoded(), at: message.at))
        }
        return all
    }
}
