import Glibc
import IdentifiedServers
import NimmerBus
import NimmerBusNATS
import NimmerPlatform
import NimmerWave
import Synchronization
import Testing

@testable import NimmerServers

/// Three thalami that share the regions of one environment (decision 0009).
@Suite("Three thalami", .enabled(Prerequisites.note, Prerequisites.areMet), .serialized, .timeLimit(.minutes(5)))
struct ShardTests {
    private static let partitions = 12

    /// A server and thalami as processes, and a tap on everything that they say.
    private final class Ground: Sendable {
        let identified: IdentifiedServer
        let nats: NATSServer
        let tap: WireTap
        let folder: String
        private let children = Mutex<[Int: ChildProcess]>([:])
        private let lines = Mutex<[String]>([])

        init(_ binary: NATSBinary) async throws {
            var template = Array("/tmp/nimmer-shards-XXXXXX".utf8CString)
            folder = String(cString: try #require(mkdtemp(&template)))
            let text = """
                nimmerverse: 1
                name: shards
                thalamus:
                  partitions: \(partitions)
                  regions:
                    math: [math, calculate]
                """
            try SmallFile.write(text, to: folder + "/system.yaml")
            identified = try await IdentifiedServer.start(text, in: folder, binary)
            nats = identified.server
            tap = try WireTap(port: nats.port, pattern: "dev.>")
        }

        func start(_ number: Int) async throws {
            let child = try await ChildProcess.spawn(
                ChildCommand(
                    WholeSystem.executable("thalamus"), ["--system", folder + "/system.yaml"],
                    environment: identified.variables(for: "thalamus")),
                output: .lines { [self] line in lines.withLock { $0.append("\(number) | \(line.text)") } })
            children.withLock { $0[number] = child }
        }

        func kill(_ number: Int) async {
            await children.withLock { $0[number] }?.terminate(signal: SIGKILL)
            children.withLock { $0[number] = nil }
        }

        /// Has one stand still, or go on.
        func signal(_ number: Int, _ signal: Int32) {
            if let child = children.withLock({ $0[number] }) { Glibc.kill(child.pid, signal) }
        }

        /// Asks one to stop, and waits for its end.
        func stop(_ number: Int) async {
            let exit = await children.withLock { $0[number] }?.terminate(grace: .seconds(10))
            #expect(exit?.isSuccess == true)
            children.withLock { $0[number] = nil }
        }

        func end() async {
            for child in children.withLock({ Array($0.values) }) { await child.terminate(grace: .seconds(5)) }
            tap.close()
            await nats.stop()
            SmallFile.remove(folder)
        }

        var log: [String] { lines.withLock { $0 } }

        /// Who has which part, by what they logged and who still runs.
        var owners: [Int: Int] {
            var owners: [Int: Int] = [:]
            let living = Set(children.withLock { $0.keys })
            for line in log {
                guard let part = line.halves(around: "part of the regions part=")?.after.split(separator: " ").first,
                    let number = Int(part), let who = Int(line.prefix { $0 != " " }), living.contains(who)
                else { continue }
                if line.includes("Took a part") { owners[number] = who }
                if line.includes("Left a part"), owners[number] == who { owners[number] = nil }
            }
            return owners
        }

        /// Two witnesses agree on a region.
        func agree(on region: String) async throws {
            for cell in ["one", "two"] {
                let wave = WaveSignal(
                    domain: try Token("shard"), confidence: 0.9, semanticContent: [:], region: try Region(region))
                let message = Envelope(
                    id: .v7(), at: .now(), from: Source(entityID: "\(cell)-1", entityType: .cell), wave)
                try #require(await tap.publish("dev.nervous.cells.\(cell).wave", message.encoded()))
            }
        }

        /// Returns whether each of these regions has collapsed, within ten seconds.
        func hasCollapsed(_ regions: [String]) async -> Bool {
            let wanted = Set(regions)
            return await eventually(within: .seconds(10)) { [self] in wanted.isSubset(of: collapses.keys) }
        }

        /// The collapses of each region, and who said them.
        var collapses: [String: [String]] {
            var found: [String: [String: String]] = [:]
            for message in tap.messages where message.subject == "dev.nervous.thalamus.collapse" {
                guard let collapse = try? Envelope<Collapse>(decoding: message.payload) else { continue }
                // A repeated attempt shows again, under the same id.
                found[collapse.body.region.text, default: [:]][collapse.body.collapseID.text] =
                    collapse.header.source.entityID
            }
            return found.mapValues { Array($0.values) }
        }
    }

    private func with(_ binary: NATSBinary, _ body: (Ground) async throws -> Void) async throws {
        let ground = try await Ground(binary)
        do {
            try await body(ground)
        } catch {
            await ground.end()
            print(ground.log.suffix(60).joined(separator: "\n"))
            throw error
        }
        await ground.end()
    }

    @Test("share the regions; none collapses twice, and a killed one's move")
    func share() async throws {
        try await with(try await NATSBinary.choose()) { ground in
            for number in 1...3 { try await ground.start(number) }
            let isShared = await eventually(within: .seconds(120)) {
                ground.owners.count == Self.partitions && Set(ground.owners.values).count == 3
            }
            try #require(isShared, "\(ground.owners)")

            // Every region collapses once, each at one thalamus, whichever of the three its waves came to first.
            let first = (0..<40).map { "first.r\($0)" }
            for region in first { try await ground.agree(on: region) }
            #expect(await ground.hasCollapsed(first))
            #expect(first.allSatisfy { ground.collapses[$0]?.count == 1 })
            #expect(Set(first.compactMap { ground.collapses[$0]?.first }).count == 3, "all three have something to say")

            // Anyone answers for all of them.
            let all = try await Self.gates(ground)
            #expect(Set(first).isSubset(of: all), "\(all.count) gates")

            // While one dies, waves of ever new regions go on.
            let victim = try #require(ground.owners[0])
            let orphans = Set(ground.owners.filter { $0.value == victim }.keys)
            let living = Set(1...3).subtracting([victim])
            await ground.kill(victim)
            let killed = ContinuousClock.now
            var moving: [String] = []
            var moved: Duration?
            while killed.duration(to: .now) < .seconds(120), moved == nil {
                let region = "moving.r\(moving.count)"
                moving.append(region)
                try await ground.agree(on: region)
                try await Task.sleep(for: .milliseconds(50))
                let owners = ground.owners
                if orphans.allSatisfy({ owners[$0].map(living.contains) ?? false }) {
                    moved = killed.duration(to: .now)
                }
            }
            #expect(moved != nil, "the killed one's parts \(orphans.sorted()) have not moved: \(ground.owners)")
            if let moved { print("the parts of a killed thalamus moved within \(moved)") }
            // Then each takes its fair share; while a part is between two owners, its waves have no home.
            let isEven = await eventually(within: .seconds(120)) {
                let owners = ground.owners.values
                return owners.count == Self.partitions
                    && living.allSatisfy { who in owners.count { $0 == who } == Self.partitions / 2 }
            }
            try #require(isEven, "\(ground.owners)")
            let last = (0..<40).map { "last.r\($0)" }
            for region in last { try await ground.agree(on: region) }
            let hasLast = await ground.hasCollapsed(last)
            #expect(hasLast, "\(last.filter { ground.collapses[$0] == nil }) of \(ground.owners)")
            #expect((first + moving + last).allSatisfy { (ground.collapses[$0]?.count ?? 0) <= 1 })

            // One that leaves in order hands its parts over without anybody waiting for leases to run out.
            let leaver = try #require(living.first)
            let bus = try await NATSBus.open(ground.identified.client("leases"))
            let left = try await Self.leases(on: bus)
            let own = Set(ground.owners.filter { $0.value == leaver }.keys.compactMap { left["parts.\($0)"] })
            try #require(own.count == 1, "\(left)")
            await ground.stop(leaver)
            let leases = try await Self.leases(on: bus)
            await bus.close()
            #expect(leases.count == Self.partitions && own.isDisjoint(with: leases.values), "\(leases)")
            let handed = await eventually(within: .seconds(120)) { ground.owners.count == ShardTests.partitions }
            #expect(handed, "\(ground.owners)")
            try await ground.agree(on: "after.all")
            #expect(await ground.hasCollapsed(["after.all"]))
            #expect(ground.collapses["after.all"]?.count == 1)
        }
    }

    @Test("one that hangs takes no waves with it once it counts as silent")
    func hang() async throws {
        try await with(try await NATSBinary.choose()) { ground in
            for number in 1...2 { try await ground.start(number) }
            let isShared = await eventually(within: .seconds(120)) {
                ground.owners.count == Self.partitions && Set(ground.owners.values).count == 2
            }
            try #require(isShared, "\(ground.owners)")
            ground.signal(1, SIGSTOP)
            let hasAll = await eventually(within: .seconds(120)) {
                ground.owners.count == Self.partitions && Set(ground.owners.values) == [2]
            }
            #expect(hasAll, "\(ground.owners)")
            let regions = (0..<40).map { "hung.r\($0)" }
            for region in regions { try await ground.agree(on: region) }
            #expect(await ground.hasCollapsed(regions))
            #expect(regions.allSatisfy { ground.collapses[$0]?.count == 1 })
            ground.signal(1, SIGCONT)
        }
    }

    /// The one that holds the lease of each part; empty where it was let go.
    private static func leases(on bus: any Bus) async throws -> [String: String] {
        let entries = try await bus.keyValue(SystemStreams.shards(.dev)).entries()
        return entries.filter { $0.key.hasPrefix("parts.") }.reduce(into: [:]) { found, entry in
            found[entry.key] = String(decoding: entry.value, as: UTF8.self)
        }
    }

    /// The regions of `nimmer gate list`.
    private static func gates(_ ground: Ground) async throws -> Set<String> {
        let answer = try await ChildProcess.run(
            ChildCommand(
                WholeSystem.executable("nimmer"), ["gate", "list", "--json"],
                environment: ground.identified.variables(for: "observer")))
        let text = answer.lines.map(\.text).joined(separator: "\n")
        let json = try JSON(parsing: Array(text.utf8))
        return Set((json["gates"]?.array ?? json.array ?? []).compactMap { $0["region"]?.string })
    }
}
