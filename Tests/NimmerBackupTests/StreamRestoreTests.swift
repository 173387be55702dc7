import Glibc
import NimmerBus
import NimmerBusNATS
import NimmerOutput
import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers
@testable import NimmerBackup

/// docs/reference/backup.md, Restore: while it is not complete the environment says so, and what cannot be undone is named.
@Suite struct StreamRestoreTests {
    private static let streams = ["DEV-TRANSITIONS", "DEV-ESCALATIONS", "DEV-DECISIONS"]

    /// A backup of three streams with a message in the first.
    private func restoring(
        _ bus: any Bus, _ body: (StreamRestore) async throws -> Void
    ) async throws {
        var template = Array("/tmp/nimmer-restore-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        let now = Timestamp(seconds: 1_700_000_000)
        let writer = try BackupWriter(folder + "/a")
        try writer.head(BackupContents.Head(environment: .dev, madeAt: now))
        for name in Self.streams {
            try writer.stream(BackupContents.Stream(name: name, durables: []))
            guard name == Self.streams[0] else { continue }
            let gate = GateID(region: try Region("plant"))
            try writer.message(
                BackupMessage(
                    subject: Subject.transition(.dev, gate: gate).text, sequence: 4, at: now,
                    headers: [[Headers.messageID, MessageID.named("a").text]], payload: [1]))
        }
        _ = try writer.finish(last: [:])
        let file = try BackupFile(folder + "/a")
        try await body(try StreamRestore(BackupIndex(file), of: file, on: bus, at: now))
    }

    private func clearance(_ bus: any Bus, clears: Bool = false) async -> Failure? {
        do { try await StreamRestore.checkRoom(on: bus, .dev, clears: clears) } catch { return error as? Failure }
        return nil
    }

    @Test func noProcessStartsOnAHalfRestoredEnvironment() async throws {
        let bus = InMemoryBus()
        try await restoring(bus) { restore in
            var restore = restore
            #expect(try await restore.run().map(\.messages) == [1, 0, 0])
            // As a restore leaves it that was killed before the tables were in.
            let since = try await SystemStreams.restoring(on: bus, environment: .dev)
            #expect(since == Timestamp(seconds: 1_700_000_000))
            let refused = await #expect(throws: BusError.self) {
                try await SystemStreams.ensure(on: bus, environment: .dev)
            }
            #expect(refused?.code == .conflict && refused?.message.contains("half restored") == true)
            #expect(await clearance(bus)?.message.text.contains("dev is half restored") == true)
            #expect(await clearance(bus)?.remedy?.text.contains("--clear") == true)
            #expect(await clearance(bus, clears: true) == nil)
            try await restore.complete()
            #expect(try await SystemStreams.restoring(on: bus, environment: .dev) == nil)
            try await SystemStreams.ensure(on: bus, environment: .dev)
            // Now it is full, and nothing of it is deleted.
            #expect(await clearance(bus, clears: true)?.message.text.contains("holds 1 messages") == true)
            try await StreamRestore.clear(on: bus, .dev)
            #expect(try await bus.stream(Self.streams[0]).messages == 1)
        }
    }

    @Test func whatWasLeftIsCleared() async throws {
        let bus = InMemoryBus()
        try await restoring(bus) { restore in
            var restore = restore
            _ = try await restore.run()
            try await StreamRestore.clear(on: bus, .dev)
            #expect(await clearance(bus) == nil)
            for name in Self.streams { await #expect(throws: BusError.self) { try await bus.stream(name) } }
        }
    }

    /// A cancelled task may ask nothing of a bus; undoing must.
    @Test func whatIsCancelledIsUndone() async throws {
        let bus = InMemoryBus()
        try await restoring(bus) { restore in
            let task = Task {
                var restore = restore
                withUnsafeCurrentTask { $0?.cancel() }
                return try await restore.run()
            }
            await #expect(throws: (any Error).self) { try await task.value }
            #expect(await clearance(bus) == nil)
            for name in Self.streams { await #expect(throws: BusError.self) { try await bus.stream(name) } }
        }
    }

    @Test func whatCannotBeUndoneIsNamed() async throws {
        var template = Array("/tmp/nimmer-undo-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        let server = try await NATSServer.start(
            NATSServerOptions(folder: folder, binary: try await NATSBinary.choose().path))
        let bus = try await NATS.connector(BusSettings(url: server.url, name: "undo"))
        try await restoring(bus) { restore in
            var restore = restore
            _ = try await restore.run()
            await server.stop()
            let failure =
                await restore.undone(after: Failure(.failed, "the rows do not fit"), within: .zero) as? Failure
            #expect(failure?.message.text.contains("the rows do not fit") == true)
            for name in Self.streams { #expect(failure?.message.text.contains(name) == true, "\(name)") }
            #expect(failure?.remedy?.text.contains("--clear") == true)
        }
        await bus.close()
    }
}
