import NimmerWave
import Testing

@testable import NimmerScope

/// What pages are sent is what the terminal's state holds, in whatever pieces it is read.
@Suite struct PageFeedTests {
    /// A page that believes what it is sent, as the one in a browser does.
    struct Page {
        var cells: [(name: String, gate: Int, value: Double?)] = []
        var gates: [(name: String, state: String)] = []
        var minds: [String] = []
        var organs: [String] = []
        var waves = 0
        var collapses = 0

        mutating func take(_ frames: [PageFrame]) {
            for frame in frames {
                switch frame {
                case .waves(let all):
                    waves += all.count
                    for wave in all { cells[Int(wave.cell)].value = Double(wave.value) }
                case .text(let object):
                    switch object["k"]?.string {
                    case "names":
                        cells += (object["cells"]?.array ?? []).map {
                            ($0["n"]?.string ?? "", $0["gate"]?.int ?? -2, $0["v"]?.double)
                        }
                        gates += (object["gates"]?.array ?? []).map {
                            ($0["n"]?.string ?? "", $0["state"]?.string ?? "")
                        }
                        minds += (object["minds"]?.array ?? []).compactMap { $0["n"]?.string }
                        organs += (object["organs"]?.array ?? []).compactMap { $0["n"]?.string }
                        for pair in object["moved"]?.array ?? [] { cells[pair[0]?.int ?? 0].gate = pair[1]?.int ?? -2 }
                    case "gate": gates[object["g"]?.int ?? 0].state = object["state"]?.string ?? ""
                    case "collapse": collapses += 1
                    default: break
                    }
                }
            }
        }
    }

    /// Lets the scenario happen in steps, and reads the feed after each.
    private func played(seconds: Double, step milliseconds: Double) throws -> (Page, PageFeed, ScopeState) {
        let arrivals = try Scenario.plant()
        var stage = Stage(arrivals, seconds: 0)
        var (feed, page) = (PageFeed(), Page())
        page.take(feed.frames(of: stage.scope))
        var past = 0.0
        while past < seconds {
            stage.pass(arrivals, seconds: milliseconds / 1000)
            past += milliseconds / 1000
            page.take(feed.frames(of: stage.scope))
        }
        return (page, feed, stage.scope)
    }

    @Test(arguments: [50.0, 700, 30_000]) func whatIsSentInPiecesIsTheSnapshot(step: Double) throws {
        let (page, feed, state) = try played(seconds: 90, step: step)
        let snapshot = feed.snapshot(of: state)
        let cells = snapshot["cells"]?.array ?? []
        #expect(cells.count > 4)
        #expect(page.cells.map(\.name) == cells.compactMap { $0["n"]?.string })
        #expect(page.cells.map(\.gate) == cells.compactMap { $0["gate"]?.int })
        for (own, cell) in zip(page.cells, cells) {
            #expect(abs((own.value ?? 9) - (cell["v"]?.double ?? 9)) < 0.001)
        }
        #expect(page.gates.map(\.name) == (snapshot["gates"]?.array ?? []).compactMap { $0["n"]?.string })
        #expect(page.gates.map(\.state) == (snapshot["gates"]?.array ?? []).compactMap { $0["state"]?.string })
        #expect(page.minds == (snapshot["minds"]?.array ?? []).compactMap { $0["n"]?.string })
        #expect(page.organs == (snapshot["organs"]?.array ?? []).compactMap { $0["n"]?.string })
        #expect(Double(page.collapses) == snapshot["collapses"]?.double)
    }

    @Test func eachWaveIsSentOnce() throws {
        let (page, _, state) = try played(seconds: 60, step: 50)
        let waves = state.buffer.entries.numbers.count { state.buffer.entries[$0].kind == .wave }
        #expect(page.waves == waves)
        #expect(waves > 100)
    }

    @Test func gatesAreAsTheTerminalShowsThem() throws {
        let (page, _, state) = try played(seconds: 75, step: 50)
        #expect(page.collapses > 0)
        for gate in page.gates {
            guard let track = state.gates.tracks[gate.name] else { continue }
            #expect(gate.state == track.gate.state.word.uppercased(), "\(gate.name)")
        }
    }

    @Test func runningCellsHaveTheirPlaceBeforeTheirFirstWave() throws {
        let arrivals = try Scenario.plant()
        var stage = Stage(arrivals, seconds: 0)
        var (feed, page) = (PageFeed(), Page())
        feed.expect([.init(name: "math", region: "math"), .init(name: "silent", region: "attic")], in: stage.scope)
        page.take(feed.frames(of: stage.scope))
        #expect(page.cells.map(\.name) == ["math", "silent"])
        #expect(page.gates.map(\.name) == ["math", "attic"])
        for _ in 0..<100 {
            stage.pass(arrivals, seconds: 0.5)
            page.take(feed.frames(of: stage.scope))
        }
        #expect(page.cells.count { $0.name == "math" } == 1)
        #expect(page.cells[0].value != nil)
        #expect(page.cells[1].value == nil)
        // Asked again, nothing is there twice.
        feed.expect([.init(name: "math", region: "math"), .init(name: "silent", region: "attic")], in: stage.scope)
        page.take(feed.frames(of: stage.scope))
        #expect(page.cells.count { $0.name == "silent" } == 1)
    }

    @Test func aNameInTwoRegionsIsTwoCells() throws {
        let stage = Stage(try Scenario.plant(), seconds: 0)
        var feed = PageFeed()
        let long = "building-7.floor-2.living-room.window-north-east"
        let running = ["hall", "yard", "\(long).left", "\(long).right"].map {
            PageFeed.RunningCell(name: "camera", region: $0)
        }
        for cell in running { feed.expect([cell], in: stage.scope) }
        let snapshot = feed.snapshot(of: stage.scope)
        let gates = snapshot["gates"]?.array ?? []
        #expect(Set(gates.compactMap { $0["key"]?.string }) == Set(running.map(\.region)))
        #expect(Set(gates.compactMap { $0["n"]?.string }).count == 3)
        let cells = snapshot["cells"]?.array ?? []
        #expect(Set(cells.compactMap { $0["key"]?.string }).count == 4)
    }

    @Test func whatTheThalamusExplainsIsSentAsFacts() throws {
        let (page, played, state) = try played(seconds: 60, step: 700)
        var feed = played
        let gate = try #require(page.gates.first?.name)
        let explanation: JSON = [
            "half_life_ms": .number(1234), "window_ms": .number(777), "trust": .string("earned"),
            "weight": .number(0.25),
        ]
        feed.learn(gate, explanation)
        guard case .text(let frame)? = feed.facts(gate) else {
            Issue.record("no frame")
            return
        }
        #expect(frame["facts"]?.array == [[.number(0), .number(1234), .number(777), .bool(true), .number(0.25)]])
        #expect(feed.snapshot(of: state)["gates"]?.array?.first?["half"]?.double == 1234)
        // Earned, it is that of the origin that is trusted most.
        let origins: JSON = [["trust": .number(0.4)], ["trust": .number(0.75)]]
        feed.learn(gate, ["trust": .string("earned"), "weight": .number(0.25), "origins": origins])
        #expect(feed.snapshot(of: state)["gates"]?.array?.first?["w"]?.double == 0.75)
        #expect(feed.facts("nowhere") == nil)
    }

    @Test func textFromOutsideIsVisibleAndShort() {
        #expect(PageText.shown("a\u{202e}b\u{7}", 48).string == "a\\u{202e}b\\u{07}")
        #expect(PageText.shown(String(repeating: "x", count: 500), 48).string?.count == 49)
        #expect(PageText.shown(String(repeating: "\u{1b}", count: 100_000), 48).string?.count == 49)
        #expect(PageText.shown("<img src=x onerror=alert(1)>", 48).string == "<img src=x onerror=alert(1)>")
        let stacked = "e" + String(repeating: "\u{301}", count: 300)
        #expect((PageText.shown(stacked, 48).string?.unicodeScalars.count ?? 0) < 600)
    }

    @Test func numbersThatAreNoneAreNull() {
        #expect(PageText.number(.nan) == .null)
        #expect(PageText.number(.infinity) == .null)
        #expect(PageText.number(0.12345) == .number(0.123))
        #expect(PageText.number(1e300) == .number(1e300))
    }
}
