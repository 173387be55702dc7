import ArgumentParser
import NimmerBus
import NimmerMemory
import NimmerMemoryPostgres
import NimmerOutput
import NimmerWave

/// Hands a message that was set aside to its reader again.
struct MemoryAsideReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Handle a message again that was set aside, once.",
        discussion: """
            A message of the bridge is asked again, under your own name: a request, or that of an opening. \
            A request that has an answer is not asked. A message of the hippocampus is written into the database from here, \
            by the same rules; existing rows stay. It is no longer set aside then.

            A transition is never published again: behind later ones of its gate it would be wrong.
            """)

    @OptionGroup var aside: DeadLetterOptions
    @OptionGroup var database: DatabaseOptions

    func run() async throws {
        let database = database
        let words = try await aside.with { bus, environment, found in
            let words = try await DeadLetterReplay(bus, environment, database).replay(found)
            // Only now: a crash between the two hands it over twice, which changes nothing.
            try await bus.deleteMessage(stream: DeadLetter.stream(environment), sequence: found.number)
            return words
        }
        try Console.line("\(words)")
    }
}

/// Gives a message back to the service that has set it aside.
struct DeadLetterReplay {
    let bus: any Bus
    let environment: Environment
    let database: DatabaseOptions

    init(_ bus: any Bus, _ environment: Environment, _ database: DatabaseOptions) {
        self.bus = bus
        self.environment = environment
        self.database = database
    }

    /// - Returns: what was done, in words.
    func replay(_ aside: DeadLetters) async throws -> String {
        let message = aside.message
        if message.service == "hippocampus" { return try await remember(message) }
        guard message.stream == SystemStreams.escalations(environment) else { return try await ask(aside) }
        // Under this identity's own name: where identities are checked, no client may publish under another's.
        let ack = try await bus.publishDurably(
            shared: SharedSubject(message.subject)?.plain ?? message.subject, by: try Token("nimmer"),
            payload: message.payload, id: id(of: aside), headers: message.headersToRepeat)
        return "asked again what stood on \(message.subject), as \(ack.stream) \(ack.sequence)"
    }

    /// Asks what an opening asks.
    private func ask(_ aside: DeadLetters) async throws -> String {
        let message = aside.message
        guard message.stream == SystemStreams.transitions(environment),
            let opening = try? Envelope<GateTransition>(decoding: message.payload, on: message.subject),
            let request = opening.escalated
        else {
            throw Failure(
                .data, "the message on \(message.subject) is not a request, so it cannot be replayed",
                remedy: "`nimmer memory aside drop \(aside.number)` drops it")
        }
        // Under another id than that of the request: the stream may hold one for observers (2.0).
        let ack = try await bus.publishDurably(
            shared: .cognitiveRequest(environment), by: try Token("nimmer"), payload: request.encoded(),
            id: id(of: aside))
        return "asked again what the opening of \(opening.body.gateID) asks, as \(ack.stream) \(ack.sequence)"
    }

    /// Writes the rows of a message.
    private func remember(_ message: DeadLetter) async throws -> String {
        do {
            let entries = try MemoryEntry.entries(
                decoding: message.payload, subject: message.subject.text, environment: environment)
            let store = PostgresStore(database.settings(environment))
            let report = try await store.write(entries)
            await store.close()
            if let first = report.setAside.first {
                return
                    "the database refuses \(count(report.setAside.count, "row")) and keeps the reason: \(first.reason)"
            }
            return "wrote \(count(report.stored, "row")) of \(message.subject); \(report.known) were known"
        } catch let error as Refusal {
            throw Failure(.data, "the message on \(message.subject) cannot be read: \(error.description)")
        } catch let error as MemoryError {
            throw Failure(error)
        }
    }

    /// The same for each time that one message that was set aside is handed over.
    private func id(of aside: DeadLetters) -> MessageID { .repeated(aside.message.id, number: aside.number) }
}
