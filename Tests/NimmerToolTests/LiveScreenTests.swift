import Glibc
import NimmerBus
import NimmerOutput
import NimmerPlatform
import NimmerScopeSession
import NimmerServers
import NimmerWave
import Testing

@testable import nimmer

/// The screen in a terminal emulator, on a real server.
@Suite(
    .enabled("needs nats-server") { (try? await NATSBinary.choose()) != nil },
    .enabled(Tmux.hint) { Tmux.program != nil })
struct LiveScreenTests {
    private typealias TailBench = LiveTailTests.TailBench

    /// A screen whose times, numbers and traces are taken out: what is left is the same every time.
    static func masked(_ screen: String) -> String {
        var lines = screen.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            String(
                String.UnicodeScalarView(
                    line.unicodeScalars.map { scalar in
                        switch scalar.value {
                        case 0x30...0x39: "0"
                        // Dots and blocks of traces and bars.
                        case 0x2580...0x2593, 0x2800...0x28ff: " "
                        default: scalar
                        }
                    })
            )
            .replacing(/\(0+ms\)|\(0+\.0s\)/, with: "(0.0s)")
            .replacing(/[0,.]+ w\/s/) { String(repeating: " ", count: $0.output.count) }
        }
        // Its right part moves with the numbers in it.
        lines[0] = lines[0].replacing(/0+\.0ms/, with: "0.0ms").replacing(#/ {2,}/#, with: "  ")
        return lines.joined(separator: "\n").replacing(#/ +\n/#, with: "\n")
    }

    @Test func aServerIsFollowedLostAndFoundAgain() async throws {
        try await TailBench.run { desk in
            let words = ["wave", "tail", "--server", desk.server.url]
            try await Tmux.run([Tool.path] + words, width: 120, height: 36) { terminal in
                try await terminal.wait(for: "LIVE")
                try await terminal.wait(for: " nats ")
                try await RecordedGolden.check(terminal, "server-nothing-yet", masked: Self.masked)
                for (cell, confidence) in [("math", 0.9), ("vision", 0.2), ("math", 0.8)] {
                    try await desk.emit(cell, confidence)
                }
                try await terminal.wait { $0.contains("vision") && $0.contains("0.80") }
                try await RecordedGolden.check(terminal, "server-live", masked: Self.masked)
                await desk.server.stop()
                try await terminal.wait(for: "NO SERVER")
                try await RecordedGolden.check(terminal, "server-lost", masked: Self.masked)
                try await desk.server.restart()
                try await terminal.wait(for: "connected again")
                try await terminal.wait(for: "LIVE")
                try await desk.emit("speech")
                try await terminal.wait(for: "speech")
                #expect(try await terminal.screen().contains("NO SERVER") == false)
            }
        }
    }

    /// A terminal and a reader that take nothing for a while lose messages, and each says how many: what they showed and what
    /// they lost is what was sent.
    @Test func whatASlowReaderLosesIsCounted() async throws {
        let sent = Mailbox.capacity + 20_000
        try await TailBench.run { desk in
            let words = ["wave", "tail", "--server", desk.server.url]
            let fifo = desk.folder + "/lines"
            try #require(mkfifo(fifo, 0o600) == 0)
            let reader = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
            try #require(reader >= 0)
            defer { close(reader) }
            let lines = LiveTailTests.Lines()
            let child = try await ChildProcess.spawn(
                ChildCommand(
                    "/bin/sh", ["-c", "exec '\(Tool.path)' wave tail --server \(desk.server.url) --json > '\(fifo)'"],
                    workingDirectory: desk.folder),
                output: .lines { lines.add($0) })
            var taken: [UInt8] = []
            try await Tmux.run([Tool.path] + words, width: 120, height: 36) { terminal in
                try await terminal.wait(for: "LIVE")
                // Both have subscribed when the first of them arrives.
                var before = 0
                let deadline = ContinuousClock.now + LiveTailTests.timeout
                while Self.take(reader, &taken) == 0, ContinuousClock.now < deadline {
                    try await desk.emit("first")
                    before += 1
                    try await Task.sleep(for: .milliseconds(50))
                }
                // What comes last is shown: nothing else is on its way.
                try await desk.emit("before")
                try await terminal.wait(for: "before")
                let shownBefore = try await terminal.settledCount()

                // As Ctrl-S does: the terminal takes nothing more.
                let tty = open(try await terminal.display("#{pane_tty}"), O_RDWR | O_NOCTTY | O_CLOEXEC)
                try #require(tcflow(tty, TCOOFF) == 0)
                defer {
                    tcflow(tty, TCOON)
                    close(tty)
                }
                // The next frame is the one that is not taken.
                var more = 0
                while more < 30 {
                    try await desk.emit("first")
                    more += 1
                    try await Task.sleep(for: .milliseconds(50))
                }
                let total = sent + shownBefore + more
                let message = TailBench.wave("flood", 0.9)
                let subject = Subject.wave(.dev, cell: try Token("flood"))
                for number in 1...sent {
                    try desk.bus.publish(subject, payload: message)
                    if number % 5000 == 0 { try await desk.bus.flush(timeout: .seconds(60)) }
                }
                try await desk.bus.flush(timeout: .seconds(60))
                // It has been handed all of them when it has nothing more to do.
                let process = try #require(pid_t(try await terminal.display("#{pane_pid}")))
                var (used, idle) = (0, 0)
                let timeout = ContinuousClock.now + LiveTailTests.timeout
                while idle < 20, ContinuousClock.now < timeout {
                    try await Task.sleep(for: .milliseconds(50))
                    let now = try ScreenTests.processorTicks(process)
                    (used, idle) = (now, now == used ? idle + 1 : 0)
                }
                try #require(tcflow(tty, TCOON) == 0)

                let screen = try await terminal.wait(seconds: 120) { screen in
                    Self.lost(screen) + Self.count(screen) == total
                }
                #expect(Self.lost(screen) > 0)
                #expect(Self.lost(screen) + Self.count(screen) == total, "\(screen)")

                // The reader of lines takes all now. What is sent when nothing more comes finds room.
                var quiet = 0
                let end = ContinuousClock.now + LiveTailTests.timeout
                while !Self.hasLast(taken), ContinuousClock.now < end {
                    quiet = Self.take(reader, &taken) == 0 ? quiet + 1 : 0
                    if quiet > 0 { try await Task.sleep(for: .milliseconds(5)) }
                    if quiet % 100 == 99 { try await desk.emit("last") }
                }
                _ = await child.terminate(signal: SIGTERM, grace: .seconds(60))
                let shown = String(decoding: taken, as: UTF8.self).split(separator: "\n").count { $0.contains("flood") }
                let lost = lines.errors.compactMap { $0.firstMatch(of: /nimmer: ([0-9,]+) messages? lost/)?.output.1 }
                    .compactMap { Int($0.filter { $0 != "," }) }.reduce(0, +)
                #expect(lost > 0 && shown > 0)
                #expect(shown + lost == sent, "\(shown) shown, \(lost) lost: \(lines.errors)")
            }
        }
    }

    private static func hasLast(_ taken: [UInt8]) -> Bool {
        String(decoding: taken.suffix(1000), as: UTF8.self).contains("\"last\"")
    }

    /// Takes what there is; returns how much.
    private static func take(_ reader: Int32, _ taken: inout [UInt8]) -> Int {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = max(0, read(reader, &bytes, bytes.count))
        taken += bytes[..<count]
        return count
    }

    /// How much the header says was lost.
    private static func lost(_ screen: String) -> Int { number(screen.firstMatch(of: /lost ([0-9,]+)/)?.output.1) }

    /// How much the line below the traces says is kept.
    fileprivate static func count(_ screen: String) -> Int {
        number(screen.firstMatch(of: /│all [^│]* ([0-9,]+) *│/)?.output.1)
    }

    private static func number(_ text: Substring?) -> Int { Int(text?.filter { $0 != "," } ?? "") ?? -1 }
}

extension Tmux {
    /// How many messages the screen has taken in, when no more come.
    fileprivate func settledCount() async throws -> Int {
        var last = -1
        var same = 0
        let screen = try await wait { screen in
            let count = LiveScreenTests.count(screen)
            same = count == last ? same + 1 : 0
            last = count
            return same >= 10 && count > 0
        }
        return LiveScreenTests.count(screen)
    }
}
