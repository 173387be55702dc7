import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers

/// The systems of deploy/systems with recordings of our own: what opens in them, when and why (docs/examples).
@Suite("Example systems", .serialized, .timeLimit(.minutes(5)))
struct ExampleSystemTests {
    private static let systems = NewPackages.root + "/deploy/systems"

    private static func nimmer(_ words: [String]) async throws -> (isWell: Bool, lines: [String], errors: [String]) {
        let answer = try await ChildProcess.run(
            ChildCommand(WholeSystem.executable("nimmer"), words), limit: .seconds(120))
        func texts(_ stream: OutputLine.Stream) -> [String] {
            answer.lines.filter { $0.stream == stream }.map(\.text)
        }
        return (answer.status.isSuccess, texts(.output), texts(.error))
    }

    @Test(
        "a replay of the recording opens exactly what the page of the system lists",
        arguments: [
            (
                "house",
                [
                    "2026-03-04T13:16:00.000Z home.entry front-door hall-temperature",
                    "2026-03-04T18:38:00.000Z home.kitchen kitchen-power kitchen-temperature",
                    "2026-03-04T22:06:00.000Z home.freezer freezer-power freezer-temperature",
                ]
            ),
            (
                "homelab",
                [
                    "2026-03-04T09:02:00.000Z lab.services photos wiki",
                    "2026-03-04T15:00:00.000Z lab.services git photos",
                    "2026-03-04T20:16:00.000Z lab.nas nas-disk nas-wait",
                ]
            ),
        ])
    func openings(name: String, expected: [String]) async throws {
        let answer = try await Self.nimmer([
            "replay", "--system", "\(Self.systems)/\(name).yaml", "--input", "\(Self.systems)/\(name).csv", "--json",
        ])
        #expect(answer.isWell, "\(answer.errors)")
        let opened = try answer.lines.compactMap { line -> String? in
            let event = try JSON(parsing: line)
            guard event["type"]?.string == "transition", event["to_state"]?.string == "open" else { return nil }
            let witnesses = (event["trigger_signals"]?.array ?? []).compactMap { $0["origin"]?.string }.sorted()
            return ([event["at"]?.string ?? "", event["region"]?.string ?? ""] + witnesses).joined(separator: " ")
        }
        #expect(opened == expected)
        let page = try #require(SmallFile.read("\(NewPackages.root)/docs/examples/\(name).md"))
        for line in expected {
            let words = line.split(separator: " ")
            let row = page.split(separator: "\n").first {
                $0.contains("day 3, \(words[0].dropFirst(11).prefix(5))") && $0.contains("`\(words[1])`")
            }
            for witness in words.dropFirst(2) { #expect(row?.contains("`\(witness)`") == true, "\(line)") }
        }
    }

    @Test("the recordings are those that the script writes")
    func recordings() async throws {
        let script = """
            cp '\(Self.systems)/recordings.py' "$1" && python3 "$1/recordings.py"
            cmp "$1/house.csv" '\(Self.systems)/house.csv' && cmp "$1/homelab.csv" '\(Self.systems)/homelab.csv'
            """
        let answer = try await ChildProcess.run(
            ChildCommand("/bin/sh", ["-c", "folder=$(mktemp -d) && set -- x \"$folder\" && shift && \(script)"]))
        #expect(answer.status == .exited(0), "\(answer.lines.map(\.text))")
    }

    @Test("nimmer check finds no mistake in any of them")
    func check() async throws {
        let files = SmallFile.names(in: Self.systems).filter { $0.hasSuffix(".yaml") }.sorted()
        #expect(files.count >= 6)
        let answer = try await Self.nimmer(["check"] + files.map { "\(Self.systems)/\($0)" })
        #expect(answer.isWell, "\(answer.lines) \(answer.errors)")
    }
}

/// `nimmer up --play`, with real servers.
@Suite(
    "A recording that is played live", .enabled(Prerequisites.note, Prerequisites.areMet), .serialized,
    .timeLimit(.minutes(5)))
struct PlayTests {
    private static let systems = NewPackages.root + "/deploy/systems"

    @Test("a played home opens what its page lists, with no device, and ends with the recording")
    func home() async throws {
        let desk = try TestSystem(try #require(SmallFile.read("\(Self.systems)/house.yaml")))
        defer { desk.remove() }
        let up = try await desk.up(
            "--no-database", "--play", "\(Self.systems)/house.csv", "--speed", "14400", "--once")
        try await up.says("the recording begins")
        let status = try await desk.nimmer("status")
        #expect(
            status.contains { $0.hasPrefix("playing") && $0.hasSuffix("house.csv at 14400 times its speed") },
            "\(status)")
        #expect(await up.child.waitForExit() == .exited(0))
        let lines = up.log.lines
        for region in ["home.entry", "home.kitchen", "home.freezer"] {
            #expect(
                lines.contains { $0.contains("gate") && $0.contains(" \(region) ") && $0.contains("STABLE → OPEN") },
                "\(region): \(lines.suffix(60).joined(separator: "\n"))")
        }
        #expect(lines.contains { $0.contains("drives front-door, hall-presence, hall-temperature") })
        #expect(lines.contains { $0.contains("runs as it is: notify") })
        #expect(lines.contains { $0.hasSuffix("the recording has ended; stopping, as --once asks") })
        #expect(!lines.contains { $0.contains("misses the beginning") || $0.contains(" lost: ") })
        #expect(!lines.contains { $0.contains("STALE") })
        #expect(!lines.contains { $0.contains("columns that no cell reads") })
    }

    @Test("a cell without a source can be played, begins again with --loop, and the system stays up otherwise")
    func loop() async throws {
        let desk = try TestSystem(
            """
            nimmerverse: 1
            name: desk
            cells:
              - {name: flow, kind: sensor/v1, settings: {column: Flow, learning_samples: 20, region: plant}}
              - {name: both, kind: multivariate/v1, settings: {columns: [Flow, Heat], region: plant}}
              - {name: front, kind: distance/v1, settings: {subject: robot.front, column: Range, region: obstacle}}
            """)
        defer { desk.remove() }
        let rows = (0..<40).map {
            "2026-03-01T10:00:\($0 < 10 ? "0" : "")\($0)Z,\($0 == 5 ? "" : "\(20 + $0 % 3)"),\($0 % 5),\(1 + $0 % 2)"
        }
        try SmallFile.write(
            "time,Flow,Heat,Range\n" + rows.joined(separator: "\n") + "\n", to: desk.folder + "/r.csv")
        let up = try await desk.up("--no-database", "--all", "--play", "r.csv", "--speed", "40", "--loop")
        while up.log.lines.count(where: { $0.contains("the recording begins") }) < 3 {
            try #require(up.child.exitStatus == nil)
            try await Task.sleep(for: .milliseconds(50))
        }
        let gaps = "2 fields held no number and were left out; the first: row 6, for the cell flow"
        #expect(up.log.lines.count { $0.hasSuffix(gaps) } >= 2, "\(up.log.lines)")
        // The cell may hear its recording, and no device may publish one.
        let users = SmallFile.read(desk.folder + "/.nimmer/dev/auth/private.conf") ?? ""
        #expect(users.ranges(of: "\"play.dev.flow\"").count == 1)
        let cells = try await desk.nimmer("cell", "list")
        #expect(cells.contains { $0.hasPrefix("flow ") } && cells.contains { $0.hasPrefix("both ") }, "\(cells)")
        #expect(up.log.lines.contains { $0.contains("wave") && $0.contains("front") }, "\(up.log.lines)")
        try await desk.nimmer("down")
        #expect(await up.child.waitForExit() == .exited(0))

        let once = try await desk.up("--no-database", "--play", "r.csv", "--speed", "400")
        try await once.says("the recording has ended; the system stays up; Ctrl-C stops it")
        #expect(once.child.exitStatus == nil)
        #expect(try await desk.nimmer("status").contains { $0.hasPrefix("playing") })
        try await desk.nimmer("down")
        #expect(await once.child.waitForExit() == .exited(0))
    }

    @Test("recorded waves are sent again, and open what they opened; their cells do not run")
    func waves() async throws {
        let desk = try TestSystem(try #require(SmallFile.read("\(Self.systems)/house.yaml")))
        defer { desk.remove() }
        try await desk.nimmer(
            "replay", "--system", "desk.yaml", "--input", "\(Self.systems)/house.csv", "--record", "waves.ndjson")
        let up = try await desk.up("--no-database", "--play", "waves.ndjson", "--speed", "14400", "--once")
        #expect(await up.child.waitForExit() == .exited(0))
        let lines = up.log.lines
        for region in ["home.entry", "home.kitchen", "home.freezer"] {
            #expect(
                lines.contains { $0.contains("gate") && $0.contains(" \(region) ") && $0.contains("STABLE → OPEN") },
                "\(region): \(lines.suffix(60).joined(separator: "\n"))")
        }
        #expect(lines.contains { $0.contains("stands in for freezer-power, freezer-temperature, front-door") })
        #expect(lines.contains { $0.contains("runs as it is: hall-presence, notify") })
        #expect(!lines.contains { $0.contains("kitchen-power") && $0.contains("hello") })
    }

    @Test("what cannot be played is refused before anything starts, by name")
    func refused() async throws {
        let desk = try TestSystem(
            """
            nimmerverse: 1
            name: desk
            cells:
              - {name: flow, kind: sensor/v1, settings: {column: Flow}}
            """)
        defer { desk.remove() }
        try SmallFile.write("time,Flaw\n2026-03-01T10:00:00Z,1\n", to: desk.folder + "/r.csv")
        let lacking = try await desk.nimmer("up", "desk.yaml", "--play", "r.csv", expect: 1)
        #expect(lacking.first?.contains("r.csv has no column 'Flow' for the cell flow") == true, "\(lacking)")
        let unknown = try await desk.nimmer("up", "desk.yaml", "--play", "r.csv", "--column", "Flaw=flwo", expect: 64)
        #expect(unknown.first?.contains("no cell 'flwo' to give a column to") == true, "\(unknown)")
        let absent = try await desk.nimmer("up", "desk.yaml", "--play", "none.csv", expect: 66)
        #expect(absent.first?.contains("none.csv") == true, "\(absent)")
        #expect(try await desk.nimmer("up", "desk.yaml", "--speed", "2", expect: 64).contains { $0.contains("--play") })
        #expect(!SmallFile.exists(desk.folder + "/.nimmer/dev/up.json"))
        // Without a recording the cell has no source.
        let plain = try await desk.nimmer("up", "desk.yaml", expect: 78)
        #expect(plain.contains { $0.contains("subject") }, "\(plain)")
    }
}
