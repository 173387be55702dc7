import NimmerBus
import NimmerPlatform
import NimmerServers
import NimmerWave
import Testing

@testable import NimmerBusNATS

/// Streams keep within their room and cannot be emptied, on every server (decision 0020).
@Suite("Bounds of streams", .serialized, .timeLimit(.minutes(5)))
struct StreamBoundsTests {
    private func config(_ bus: NATSBus, _ stream: String) async throws -> JSON {
        try #require(try await bus.api.call("STREAM.INFO.\(stream)")["config"])
    }

    @Test(arguments: await Servers.installed())
    func theHousesStreamsHaveBoundsAndStay(_ binary: NATSBinary) async throws {
        try await TestServer.with(binary) { _, bus in
            for stream in try SystemStreams.all(.dev) {
                try await bus.ensureStream(stream)
                let (name, config) = (stream.name, try await config(bus, stream.name))
                #expect((config["max_bytes"]?.int ?? 0) > 0, "\(name)")
                #expect((config["max_msg_size"]?.int ?? 0) > 0, "\(name)")
                #expect(config["deny_purge"] == true, "\(name)")
                // What was looked at is taken out of it.
                #expect(config["deny_delete"] == (name == "DEV-ASIDE" ? false : true), "\(name)")
                #expect(config["allow_rollup_hdrs"] != true, "\(name)")
                let error = await #expect(throws: BusError.self) { _ = try await bus.api.call("STREAM.PURGE.\(name)") }
                #expect(error?.number == 10110)
            }
            // Whose subjects name their sender: each has a share of the room.
            for name in ["DEV-TRANSITIONS", "DEV-ESCALATIONS", "DEV-OUTCOMES", "DEV-WAVES"] {
                #expect((try await config(bus, name)["max_msgs_per_subject"]?.int ?? 0) > 0, "\(name)")
            }
        }
    }

    /// The store of artifacts permits roll-ups and purges, as every object store does (decision 0040); it is bounded all the same, and its bounds
    /// follow the system file.
    @Test(arguments: await Servers.installed())
    func artifactsAreBoundedAsTheFileStates(_ binary: NATSBinary) async throws {
        try await TestServer.with(binary) { _, bus in
            let name = "OBJ_DEV-ARTIFACTS"
            for (bytes, days) in [(Int64(1) << 30, 7), (8 << 20, 1), (64 << 20, 30)] {
                let age = Duration.seconds(days * 86_400)
                let bounds = ArtifactBounds(maximumBytes: bytes, maximumArtifactBytes: 1 << 20, maximumAge: age)
                let store = try await StreamArtifactStore.open(.dev, bounds: bounds, on: bus)
                let config = try await config(bus, name)
                #expect(config["max_bytes"]?.int == Int(bytes) && config["discard"] == "new")
                #expect((config["max_msg_size"]?.int ?? 0) > 0)
                #expect(config["max_age"]?.double == Double(age.nanoseconds))
                #expect(config["allow_rollup_hdrs"] == true && config["deny_purge"] != true)
                #expect(store.bounds.maximumBytes == bytes)
                let existing = try await StreamArtifactStore.existing(.dev, on: bus)
                #expect(existing.bounds.maximumAge == age && existing.bounds.maximumBytes == bytes)
            }
        }
    }

    /// The newest outcome of a gate holds its trust.
    @Test(arguments: await Servers.installed())
    func noGatesTrustGoesForTheOutcomesOfOthers(_ binary: NATSBinary) async throws {
        try await TestServer.with(binary) { _, bus in
            var stream = SystemStreams.outcomesStream(.dev)
            stream.maximumBytes = 16 << 10
            try await bus.ensureStream(stream)
            let silent = Subject.acceptedOutcome(.dev, gate: try GateID("attic"))
            try await bus.publishDurably(silent, payload: [1], id: .v7())
            let error = await #expect(throws: BusError.self) {
                for number in 0..<100 {
                    let busy = Subject.acceptedOutcome(.dev, gate: try GateID("g\(number % 5)"))
                    try await bus.publishDurably(busy, payload: [UInt8](repeating: 2, count: 1000), id: .v7())
                }
            }
            #expect(error?.code == .full)
            #expect(try await bus.lastMessage(stream: stream.name, subject: silent)?.sequence == 1)
        }
    }

    /// 200 regions, shared by three thalami: each stores one message a minute.
    @Test func aWeekOfSpentLifeforceHasRoom() throws {
        let stream = SystemStreams.lifeforceStream(.prod)
        #expect(stream.maximumPerSubject == nil && stream.maximumMessages == nil)
        let minutes = 7 * 24 * 60
        let regions = try (0..<200).map { RegionSpending(region: try Region("plant.pump-\($0)"), cells: 1.25) }
        let bytes = [regions[..<67], regions[67..<134], regions[134...]].reduce(0) { sum, part in
            let message = Envelope(
                id: .v7(), at: .now(), from: Source(entityID: "thalamus-1", entityType: .thalamus),
                LifeforceSpent(since: .now(), until: .now(), regions: Array(part)))
            // The server's own account of a message: its subject, and 30 bytes.
            return sum + message.encoded().count + SubjectPattern.storedLifeforce(.prod).text.utf8.count + 30
        }
        #expect(bytes * minutes <= stream.maximumBytes ?? 0, "\(bytes * minutes)")
        #expect(stream.maximumAge == .seconds(minutes * 60))
    }

    /// A stream that is made elsewhere would be missed by every rule for streams.
    @Test func everyStreamIsMadeInOnePlace() throws {
        let sources = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Sources"
        let places = ["SystemStreams", "DeadLetter.swift", "StreamKeyValue.swift"]
        var found: Set<String> = []
        for folder in [
            "NimmerBus", "NimmerCell", "NimmerCognition", "thalamus", "cognition-bridge", "hippocampus", "organ",
            "nimmer",
        ] {
            for path in try Self.swiftFiles(in: "\(sources)/\(folder)") {
                let text = try #require(SmallFile.read(path))
                let makes = ["StreamConfiguration(", "KeyValueConfiguration("].contains { kind in
                    text.split(separator: "\n").contains { $0.split(separator: " ").contains { $0.hasPrefix(kind) } }
                }
                if makes { found.insert(String(path.split(separator: "/").last ?? "")) }
            }
        }
        #expect(found.count >= 3, "\(found)")
        #expect(found.allSatisfy { file in places.contains { file.hasPrefix($0) } }, "\(found)")
    }

    private static func swiftFiles(in folder: String) throws -> [String] {
        try SmallFile.names(in: folder).flatMap { name -> [String] in
            let path = "\(folder)/\(name)"
            return name.hasSuffix(".swift") ? [path] : name.contains(".") ? [] : try swiftFiles(in: path)
        }
    }

    /// What an earlier version made is changed, and nothing in it is lost; a bound that somebody chose stays.
    @Test(arguments: await Servers.installed())
    func streamsOfEarlierVersionsAreBounded(_ binary: NATSBinary) async throws {
        try await TestServer.with(binary) { _, bus in
            let old: JSON = [
                "name": "DEV-TRANSITIONS", "subjects": ["dev.nervous.gates.*.transition"], "storage": "file",
                "duplicate_window": 3_600_000_000_000,
            ]
            _ = try await bus.api.call("STREAM.CREATE.DEV-TRANSITIONS", old)
            let bucket: JSON = [
                "name": "KV_DEV-ACTS", "subjects": ["$KV.DEV-ACTS.>"], "storage": "file", "discard": "new",
                "max_msgs_per_subject": 1, "allow_rollup_hdrs": true, "deny_delete": true, "allow_direct": true,
            ]
            _ = try await bus.api.call("STREAM.CREATE.KV_DEV-ACTS", bucket)
            let chosen: JSON = [
                "name": "DEV-DECISIONS", "subjects": ["dev.cognitive.bridge.response"], "storage": "file",
                "max_bytes": 100_000_000,
            ]
            _ = try await bus.api.call("STREAM.CREATE.DEV-DECISIONS", chosen)
            let subject = Subject.transition(.dev, gate: try GateID("plant"))
            try await bus.publishDurably(subject, payload: [1], id: .v7())
            try await SystemStreams.ensure(on: bus, environment: .dev)
            _ = try await bus.keyValue(SystemStreams.acts(.dev))
            for name in ["DEV-TRANSITIONS", "KV_DEV-ACTS"] {
                let config = try await config(bus, name)
                #expect((config["max_bytes"]?.int ?? 0) > 0 && config["deny_purge"] == true, "\(name)")
            }
            #expect(try await config(bus, "DEV-DECISIONS")["max_bytes"]?.int == 100_000_000)
            #expect(try await bus.stream("DEV-TRANSITIONS").messages == 1)
        }
    }

    /// A server with little room gets small streams, and all of them; one with more than enough gets what each wants.
    @Test(
        arguments: await Servers.installed(), [("16M", 1), ("19M", 4), ("64M", 4), ("200M", 16), ("2G", 256)])
    func anyServerHoldsAllOfThem(_ binary: NATSBinary, _ room: (limit: String, transitions: Int)) async throws {
        let folder = try TestServer.temporaryFolder()
        let server = try await TestServer.start(
            binary, extra: "jetstream: { store_dir: \"\(folder)\", max_file_store: \(room.limit) }")
        let bus = try await NATSBus.open(BusSettings(url: server.url, name: "small", waitsForServer: false))
        for _ in 0..<2 {
            for var stream in try SystemStreams.all(.dev) {
                stream.leavesRoom = true
                try await bus.ensureStream(stream)
            }
            let bound = try #require(try await config(bus, "DEV-TRANSITIONS")["max_bytes"]?.int)
            #expect(bound == room.transitions << 20, "\(bound)")
        }
        await bus.close()
        await server.stop()
        await TestServer.remove(folder)
    }

    private func make(_ streams: ArraySlice<StreamConfiguration>, leavesRoom: Bool, on bus: NATSBus) async throws {
        for var stream in streams {
            stream.leavesRoom = leavesRoom
            stream.isMadeElsewhere = !leavesRoom
            try await bus.ensureStream(stream)
        }
    }

    /// A client that may not cut a stream to size leaves it to one that may, and takes a part of little room only.
    @Test(arguments: await Servers.installed())
    func clientsThatMayNotChangeStreamsLeaveRoom(_ binary: NATSBinary) async throws {
        let folder = try TestServer.temporaryFolder()
        let server = try await TestServer.start(
            binary, extra: "jetstream: { store_dir: \"\(folder)\", max_file_store: 36M }")
        let bus = try await NATSBus.open(BusSettings(url: server.url, name: "small", waitsForServer: false))
        let own = [
            try StreamKeyValue.stream(of: SystemStreams.handling(.dev)),
            try StreamKeyValue.stream(of: SystemStreams.acts(.dev)),
        ]
        for stream in own { try await bus.ensureStream(stream) }
        let all = try SystemStreams.all(.dev)
        async let other: Void = make(all.prefix(3), leavesRoom: false, on: bus)
        try await make(all[...], leavesRoom: true, on: bus)
        try await other
        #expect(try await config(bus, "DEV-TRANSITIONS")["max_bytes"]?.int ?? 0 <= 4 << 20)
        await bus.close()
        await server.stop()
        await TestServer.remove(folder)
    }

    @Test func aRestoreWhoseBeginningCannotBeReadIsNotOneOf1970() async throws {
        let bus = InMemoryBus()
        let mark = try SubjectPattern("dev.nervous.restoring.soon")
        try await bus.ensureStream(StreamConfiguration(name: SystemStreams.transitions(.dev), subjects: [mark]))
        let error = await #expect(throws: BusError.self) {
            try await SystemStreams.restoring(on: bus, environment: .dev)
        }
        #expect(error?.description.contains("found the mark 'dev.nervous.restoring.soon' of a restore") == true)
        await bus.close()
    }

    @Test func aBacklogIsCountedDown() throws {
        let moment = Timestamp(seconds: 1_800_000_000)
        let stream = StreamInfo(
            name: "DEV-TRANSITIONS", messages: 1000, bytes: 1_000_000, firstSequence: 1, lastSequence: 1000,
            consumers: 1, maximumBytes: 4_000_000)
        let consumer = ConsumerInfo(waiting: 200, unacknowledged: 50, redelivered: 0, acknowledged: 750)
        let backlog = StreamBacklog(stream, consumer, oldest: moment, age: .seconds(60))
        #expect(backlog.messages == 250 && backlog.room == 3_750_000 && !backlog.isOverflowing)
        #expect(backlog.keptUntil == moment.advanced(milliseconds: 60_000))
        #expect(StreamBacklog(backlog.json) == backlog)
        for key in ["messages", "overflowing", "stored", "bytes"] {
            var reported = try #require(backlog.json.object)
            reported[key] = nil
            #expect(StreamBacklog(.object(reported)) == nil, "without \(key)")
        }
        var full = stream
        full.firstSequence = 900
        #expect(StreamBacklog(full, consumer, oldest: moment, age: nil).isOverflowing)
        let idle = ConsumerInfo(waiting: 0, unacknowledged: 0, redelivered: 0, acknowledged: 1000)
        #expect(StreamBacklog(stream, idle, oldest: nil, age: .seconds(60)).keptUntil == nil)
    }
}
