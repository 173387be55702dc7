import Glibc
import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers

/// A full disk under the private nats-server of `nimmer up`: named, and over as soon as there is room, without a hand.
@Suite(
    "A full disk under nimmer up", .enabled(Prerequisites.note, Prerequisites.areMet),
    .enabled(if: geteuid() == 0, "only root may mount a small disk"), .serialized, .timeLimit(.minutes(5)))
struct FullDiskTests {
    @Test(
        "is named by up and status; with room again everything continues by itself",
        arguments: await NATSBinary.installed())
    func full(_ binary: NATSBinary) async throws {
        let desk = try TestSystem(server: binary)
        let disk = desk.folder + "/.nimmer"
        #expect(system("mkdir -m 711 \(disk) && mount -t tmpfs -o size=48m,mode=0711 tmpfs \(disk)") == 0)
        defer {
            system("umount -l \(disk)")
            desk.remove()
        }
        let up = try await desk.up("--no-database")
        func transitions() async -> Int {
            let status = try? await desk.json("status", "--json")
            let streams = status?["streams"]?.array ?? []
            return streams.first { $0["name"]?.string == "DEV-TRANSITIONS" }?["messages"]?.int ?? 0
        }
        /// Two witnesses about a region that nothing else speaks of.
        func open(_ region: String) async {
            for cell in ["first", "second"] {
                let words = ["wave", "emit", "--cell", cell, "--domain", region, "--confidence", "0.9"]
                _ = try? await ChildProcess.run(desk.command(words), limit: .seconds(60))
            }
        }
        #expect(
            await holds(within: .seconds(120)) {
                await open("before")
                return await transitions() > 0
            })

        system(
            "dd if=/dev/zero of=\(disk)/ballast bs=64k 2>/dev/null; dd if=/dev/zero of=\(disk)/ballast2 bs=4k 2>/dev/null"
        )
        try await up.says("is full: streams take nothing")
        let status = try await ChildProcess.run(desk.command(["status"]), limit: .seconds(60))
        #expect(status.lines.contains { $0.text.contains("/.nimmer/dev is full") }, "\(status.lines.map(\.text))")
        for number in 0..<3 { await open("during-\(number)") }
        let pid = desk.processes().count

        system("rm -f \(disk)/ballast \(disk)/ballast2")
        try await up.says("has room again; starting nats-server again")
        var known = 0
        #expect(
            await holds(within: .seconds(120)) {
                known = await transitions()
                return known > 0
            }, "\(up.log.lines.suffix(30))")
        let before = known
        #expect(
            await holds(within: .seconds(120)) {
                await open("after")
                return await transitions() > before
            }, "\(up.log.lines.suffix(30))")
        #expect(desk.processes().count == pid, "every process still runs")
        let after = try await desk.json("status", "--json")
        #expect(after["degraded"]?.array?.contains { $0.string?.contains("full") == true } == false)
        up.child.send(SIGINT, toGroup: false)
        #expect(await up.child.waitForExit() == .exited(0))
    }

    private func holds(within limit: Duration, _ condition: () async -> Bool) async -> Bool {
        let end = ContinuousClock.now + limit
        while await !condition() {
            guard ContinuousClock.now < end else { return false }
            try? await Task.sleep(for: .milliseconds(200))
        }
        return true
    }
}
