import NimmerBus
import NimmerWave

/// Copies the streams of an environment while it lives.
///
/// The positions of all readers are taken first. What a reader has acknowledged by then is safe where it put it: in the tables, which
/// are copied after that, or as an answer in a stream, which is. What comes after that may be in the copy twice over, as a row and as
/// a message still to be read, which rows and answers that are keyed by message and request take once.
struct StreamBackup {
    let bus: any Bus
    let environment: Environment
    /// The streams that are there, in order, with the positions of their readers.
    private(set) var streams: [BackupContents.Stream] = []

    /// Takes the positions.
    init(_ bus: any Bus, _ environment: Environment) async throws(BusError) {
        self.bus = bus
        self.environment = environment
        for archived in HouseStreams.archived(environment) {
            do throws(BusError) {
                streams.append(
                    BackupContents.Stream(name: archived.name, durables: try await bus.durables(of: archived.name)))
            } catch {
                guard error.code == .notFound else { throw error }
            }
        }
    }

    /// Writes every message, in the order of ``HouseStreams/archived(_:)``.
    ///
    /// - Returns: the last sequence of each stream.
    func write(to writer: BackupWriter, progress: () -> Void) async throws -> [String: UInt64] {
        var cut = BackupCut(streams, environment)
        for stream in streams {
            try writer.stream(stream)
            try await bus.read(stream: stream.name) { batch in
                for stored in batch where cut.takes(stored, of: stream.name) {
                    // The writer keeps in mind why it takes nothing more.
                    guard (try? writer.message(BackupMessage(stored))) != nil else { return false }
                }
                progress()
                return true
            }
            if let failure = writer.failure { throw failure }
        }
        var last: [String: UInt64] = [:]
        for stream in streams { last[stream.name] = try await bus.stream(stream.name).lastSequence }
        return last
    }
}

extension BackupMessage {
    init(_ stored: StoredMessage) {
        self.init(
            subject: stored.message.subject.text, sequence: stored.sequence, at: stored.message.at,
            headers: stored.message.headers.fields.map { [$0.name, $0.value] }, payload: stored.message.payload)
    }

    /// The headers with which it is stored again: those by which a server decides whether to take a message are about the stream that
    /// it was in.
    var headersToRestore: Headers {
        var kept: Headers = [:]
        for field in headers where !field[0].hasPrefix("Nats-") || field[0] == Headers.messageID {
            kept.append(field[0], field[1])
        }
        return kept
    }
}
