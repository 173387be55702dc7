import NimmerBus
import NimmerOutput
import NimmerWave

/// Copies the streams of an environment while it lives.
///
/// The positions of all readers are taken first. What a reader has acknowledged by then is safe where it put it: in the tables, which
/// are copied after that, or as an answer in a stream, which is. What comes after that may be in the copy twice over, as a row and as
/// a message still to be read, which rows and answers that are keyed by message and request take once.
package struct StreamBackup {
    package let bus: any Bus
    package let environment: Environment
    /// The streams that are there, in order, with the positions of their readers.
    package private(set) var streams: [BackupContents.Stream] = []

    /// Takes the positions.
    ///
    /// - Parameter server: where the bus is, for its messages.
    /// - Throws: ``Failure`` where a stream is not there that every environment has.
    package init(_ bus: any Bus, _ environment: Environment, at server: String) async throws {
        self.bus = bus
        self.environment = environment
        let required = BackupCut.questions(environment) + [SystemStreams.decisions(environment)]
        for archived in SystemStreams.archived(environment) {
            do throws(BusError) {
                streams.append(
                    BackupContents.Stream(name: archived.name, durables: try await bus.durables(of: archived.name)))
            } catch {
                guard error.code == .notFound else { throw error }
                guard !required.contains(archived.name) else {
                    throw Failure(
                        .unavailable,
                        "\(server) has no stream \(archived.name): the environment "
                            + "\(environment.rawValue) has no streams there",
                        remedy: "name another server with --server, or the environment with NIMMERVERSE_ENV; "
                            + "--database-only copies the tables alone")
                }
            }
        }
    }

    /// Writes every message, in the order of ``SystemStreams/archived(_:)``.
    ///
    /// - Returns: the last sequence of each stream.
    package func write(to writer: BackupWriter, progress: () -> Void) async throws -> [String: UInt64] {
        var cut = BackupCut(environment)
        for stream in streams {
            try writer.stream(stream)
            let held = try await copy(stream.name, to: writer, &cut, progress)
            // What changed while the records were copied may be about questions that were asked meanwhile.
            if !held.isEmpty { try await learn(&cut) }
            for stored in held where cut.takes(stored, of: stream.name) { try writer.message(BackupMessage(stored)) }
        }
        var last: [String: UInt64] = [:]
        for stream in streams { last[stream.name] = try await bus.stream(stream.name).lastSequence }
        return last
    }

    /// Writes what a stream holds. Of answers, what is stored after the later questions were read is left out, since what it is about
    /// is not known. A record must not be: what it was before has given way to it.
    ///
    /// - Returns: records that were stored meanwhile, to be judged.
    private func copy(
        _ name: String, to writer: BackupWriter, _ cut: inout BackupCut, _ progress: () -> Void
    ) async throws -> [StoredMessage] {
        let areRecords = name == BackupCut.records(environment)
        var end = UInt64.max
        if areRecords || name == SystemStreams.decisions(environment) {
            // In this order: what is stored by now answers nothing that is asked after it.
            end = try await bus.stream(name).lastSequence
            try await learn(&cut)
        }
        var held: [StoredMessage] = []
        try await bus.read(stream: name) { batch in
            for stored in batch {
                guard stored.sequence <= end else {
                    if areRecords { held.append(stored) }
                    continue
                }
                // The writer remembers why it takes nothing more.
                guard !cut.takes(stored, of: name) || (try? writer.message(BackupMessage(stored))) != nil else {
                    return false
                }
            }
            progress()
            return true
        }
        if let failure = writer.failure { throw failure }
        return held
    }

    /// Reads the questions behind the copy that are not known yet.
    private func learn(_ cut: inout BackupCut) async throws {
        for name in BackupCut.questions(environment) where streams.contains(where: { $0.name == name }) {
            try await bus.read(stream: name, start: .sequence(cut.next(of: name))) { batch in
                for stored in batch { cut.learn(stored, of: name) }
                return true
            }
        }
    }
}

extension BackupMessage {
    package init(_ stored: StoredMessage) {
        self.init(
            subject: stored.message.subject.text, sequence: stored.sequence, at: stored.message.at,
            headers: stored.message.headers.fields.map { [$0.name, $0.value] }, payload: stored.message.payload)
    }

    /// The headers with which it is stored again: those by which a server decides whether to take a message are about the stream that
    /// it was in.
    package var headersToRestore: Headers {
        var kept: Headers = [:]
        for field in headers where !field[0].hasPrefix("Nats-") || field[0] == Headers.messageID {
            kept.append(field[0], field[1])
        }
        return kept
    }
}
