import NimmerBus
import NimmerOutput
import NimmerPlatform
import NimmerWave

/// Stores the messages of a backup in empty streams.
///
/// They are stored in the order in which they were, over all streams, since some readers compare when messages of two streams were
/// stored. They get new sequences, above every one that their stream had given when it was copied: so none that was noted in
/// advance (in a file of waiting messages, for a dead letter) ever names another message. Readers begin with the
/// first message that they had not acknowledged.
package struct StreamRestore {
    /// Result of restoring a stream.
    package struct Report: Equatable, Sendable {
        package var name: String
        /// Messages stored.
        package var messages = 0
        /// Messages left out, since the stream holds one of the same id.
        package var repeated = 0
        /// Readers that stand where they stood.
        package var durables: [String] = []
        /// Readers that only their owner can make.
        package var others: [String] = []
    }

    private struct Reader {
        let archived: SystemStreams.Archived
        let durables: [DurablePosition]
        var place: Int
        var next: BackupMessage?
        /// For each durable the new sequence of the first message that it had not acknowledged.
        var starts: [String: UInt64] = [:]
        /// The sequence that the next message gets.
        var sequence: UInt64
        var report: Report
    }

    /// So many messages of one stream are on their way at a time.
    private static let run = 256

    package let bus: any Bus
    package let file: BackupFile
    private var readers: [Reader] = []
    /// Streams that this has made, to be deleted if it fails.
    private var made: [String] = []
    /// Subject that the first stream captures besides until all is complete, the tables too (``SystemStreams/restoring(on:environment:)``).
    private let mark: SubjectPattern

    /// - Throws: ``Failure`` where the backup holds a stream that this program does not know.
    package init(_ index: BackupIndex, of file: BackupFile, on bus: any Bus, at now: Timestamp = .now()) throws {
        self.bus = bus
        mark = try SystemStreams.restoring(index.head.environment, since: now)
        self.file = file
        let known = SystemStreams.archived(index.head.environment)
        for stream in index.streams {
            guard let archived = known.first(where: { $0.name == stream.stream.name }) else {
                throw Failure(
                    .data, "\(file.path) holds the stream \(stream.stream.name), which this program does not know",
                    remedy: "restore it with a program of the version that made it, or later")
            }
            readers.append(
                Reader(
                    archived: archived, durables: stream.stream.durables, place: stream.place,
                    sequence: (index.end.last[archived.name] ?? 0) + 1, report: Report(name: archived.name)))
        }
    }

    /// Checks that no stream of the environment holds a message.
    ///
    /// - Parameter clears: whether what a restore has left that was cut off is to be deleted: then it may hold messages.
    package static func checkRoom(on bus: any Bus, _ environment: Environment, clears: Bool = false) async throws {
        if let since = try await SystemStreams.restoring(on: bus, environment: environment) {
            guard !clears else { return }
            throw Failure(
                .temporary,
                "\(environment.rawValue) is half restored: a restore that began at \(LocalTime.full(since)) is not complete",
                remedy: "when none runs, repeat it with --clear, which first deletes the streams that it left")
        }
        for archived in SystemStreams.archived(environment) {
            do throws(BusError) {
                let present = try await bus.stream(archived.name)
                guard present.messages == 0 else {
                    throw BusError(.conflict, "the stream \(archived.name) holds \(present.messages) messages")
                }
            } catch {
                guard error.code != .conflict else {
                    throw Failure(
                        .cannotCreate, "\(error.message): a restore needs an empty environment",
                        remedy: "name another server with --server, or delete its streams")
                }
                guard error.code == .notFound else { throw error }
            }
        }
    }

    /// Deletes what a restore has left that was cut off; nothing where none was.
    package static func clear(on bus: any Bus, _ environment: Environment) async throws {
        guard try await SystemStreams.restoring(on: bus, environment: environment) != nil else { return }
        // The first one, which marks it, goes last.
        for archived in SystemStreams.archived(environment).reversed() { try await bus.deleteStream(archived.name) }
    }

    /// Stores everything. Where that fails, what was stored is deleted again. Until ``complete()`` the environment is marked as half
    /// restored.
    ///
    /// - Parameter progress: called now and then with the number of messages so far.
    package mutating func run(progress: (Int) -> Void = { _ in }) async throws -> [Report] {
        do {
            try await makeStreams()
            try await storeMessages(progress)
            try await finish()
        } catch {
            throw await undone(after: error)
        }
        return readers.map(\.report)
    }

    /// Removes the mark, however long the server takes to answer within the time.
    package func complete(within limit: Duration = undoing) async throws {
        guard let first = readers.first, case .stream(let configuration) = first.archived.form else { return }
        let bus = bus
        // The one that ends the command now comes too late.
        try await finishing {
            try await Self.repeatedly(within: limit) { () throws(BusError) in try await bus.ensureStream(configuration)
            }
        }
    }

    // MARK: - Undoing

    /// The time that a server may take to come back before something is left there.
    package static let undoing = Duration.seconds(30)

    /// Deletes what was stored.
    ///
    /// - Returns: the error, and with it the streams that could not be deleted.
    package func undone(after error: any Error, within limit: Duration = undoing) async -> any Error {
        let (left, why) = await undo(within: limit)
        guard !left.isEmpty else { return error }
        let reason = (error as? Failure)?.message ?? (error is CancellationError ? "interrupted" : "\(error)")
        return Failure(
            .unavailable, "\(reason); could not delete \(left.joined(separator: ", ")): \(why)",
            remedy: "when the server answers, repeat the restore with --clear, which deletes them")
    }

    /// Deletes what was stored, also when the command is cancelled; a stream that cannot be deleted is tried again for a while.
    ///
    /// - Returns: the streams that are left, and why.
    package func undo(within limit: Duration = undoing) async -> (left: [String], why: String) {
        let (bus, made) = (bus, made)
        return await finishing {
            var (left, why): ([String], String) = ([], "")
            // The first one, which marks that the environment is half restored, goes last, and stays if another does.
            for name in made.reversed() {
                guard left.isEmpty || name != made.first else {
                    left.append(name)
                    continue
                }
                do throws(BusError) {
                    try await Self.repeatedly(within: left.isEmpty ? limit : .zero) { () throws(BusError) in
                        try await bus.deleteStream(name)
                    }
                } catch {
                    left.append(name)
                    why = "\(error)"
                }
            }
            return (left.reversed(), why)
        }
    }

    private static func repeatedly(
        within limit: Duration, _ step: () async throws(BusError) -> Void
    ) async throws(BusError) {
        let end = ContinuousClock.now + limit
        while true {
            do throws(BusError) { return try await step() } catch {
                guard error.code != .closed, ContinuousClock.now < end else { throw error }
                try? await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    // MARK: - Storing

    private mutating func makeStreams() async throws {
        for place in readers.indices {
            let reader = readers[place]
            // An empty one may have readers, who would begin where they stand.
            try await bus.deleteStream(reader.archived.name)
            made.append(reader.archived.name)
            var configuration: StreamConfiguration
            switch reader.archived.form {
            case .bucket(let bucket): configuration = try StreamKeyValue.stream(of: bucket)
            case .stream(let stream): configuration = stream
            }
            // Until everything is stored it also takes what it held of 2.0.
            if let legacy = reader.archived.legacy { configuration.subjects.append(legacy) }
            if place == readers.startIndex { configuration.subjects.append(mark) }
            // Its sequence is moved by a purge, which is denied permanently once everything is stored.
            configuration.deniesPurge = false
            try await bus.ensureStream(configuration)
            try await bus.skip(stream: reader.archived.name, to: reader.sequence)
            try advance(place)
        }
    }

    /// Reads the next message of a stream.
    private mutating func advance(_ place: Int) throws(Failure) {
        let found = try file.record(at: readers[place].place)
        guard found.record.kind == .message else { return readers[place].next = nil }
        readers[place].place = found.next
        readers[place].next = BackupMessage(body: found.record.body)
    }

    private mutating func storeMessages(_ progress: (Int) -> Void) async throws {
        var count = 0
        while let place = readers.indices.filter({ readers[$0].next != nil }).min(by: { isBefore($0, $1) }) {
            let others = readers.indices.filter { $0 != place && readers[$0].next != nil }
            var run: [BackupMessage] = []
            while run.count < Self.run, let next = readers[place].next, others.allSatisfy({ isBefore(place, $0) }) {
                run.append(next)
                try advance(place)
            }
            try Task.checkCancellation()
            try await store(run, in: place)
            count += run.count
            progress(count)
        }
    }

    /// Returns whether the next message of a stream was stored before that of another.
    private func isBefore(_ one: Int, _ other: Int) -> Bool {
        guard let first = readers[one].next, let second = readers[other].next else { return readers[one].next != nil }
        return (first.at, one) < (second.at, other)
    }

    private mutating func store(_ run: [BackupMessage], in place: Int) async throws {
        let name = readers[place].archived.name
        let acks = try await StoringRun(bus: bus, stream: name).store(run, from: readers[place].sequence)
        for (message, sequence) in zip(run, acks) {
            guard let sequence else {
                readers[place].report.repeated += 1
                continue
            }
            for durable in readers[place].durables
            where message.sequence > durable.position && readers[place].starts[durable.name] == nil {
                readers[place].starts[durable.name] = sequence
            }
            readers[place].report.messages += 1
            readers[place].sequence = sequence + 1
        }
    }

    private mutating func finish() async throws {
        for place in readers.indices {
            let reader = readers[place]
            for durable in reader.durables {
                let filter = durable.filter.flatMap { try? SubjectPattern($0) }
                guard durable.isOrdinary, let name = try? Token(durable.name), filter?.text == durable.filter else {
                    readers[place].report.others.append(durable.name)
                    continue
                }
                let consumer = try await bus.consumer(
                    ConsumerConfiguration(
                        stream: reader.archived.name, durable: name, filter: filter,
                        start: .sequence(reader.starts[durable.name] ?? reader.sequence)))
                await consumer.stop()
                readers[place].report.durables.append(durable.name)
            }
            switch reader.archived.form {
            case .bucket(let configuration): _ = try await bus.keyValue(configuration)
            case .stream(var configuration):
                if place == readers.startIndex { configuration.subjects.append(mark) }
                try await bus.ensureStream(configuration)
            }
        }
    }
}
