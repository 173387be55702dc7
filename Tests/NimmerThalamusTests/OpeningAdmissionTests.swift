import NimmerWave
import Testing

@testable import NimmerThalamus

/// Openings at a bounded rate, charged to the one that tips a gate (decision 0021).
@Suite("Openings")
struct OpeningAdmissionTests {
    private let room = OpeningRoom()
    private let size = OpeningAdmission.Size(witnesses: 3, contents: 6_000)

    private func at(_ milliseconds: Double) -> Timestamp { Bench.epoch.advanced(milliseconds: milliseconds) }

    /// How many openings of a sender were admitted, turn by turn in so many regions.
    private func admitted(
        _ openings: inout OpeningAdmission, _ source: Int32, _ count: Int, regions: Int, at milliseconds: Double = 0,
        _ size: OpeningAdmission.Size? = nil
    ) throws -> Int {
        let regions = try (0..<regions).map { try Region("r\($0)") }
        return (0..<count).count {
            openings.admits(source, regions[$0 % regions.count], size ?? self.size, at: at(milliseconds))
        }
    }

    @Test("no sender fills a fifth of the one stream and two thirds of the other, whatever it does while they wait")
    func share() throws {
        for bytes in [Double(1 << 20), Double(16 << 20), Double(256 << 20)] {
            let room = OpeningRoom(transitions: bytes, decisions: bytes)
            var openings = OpeningAdmission(room)
            var stored = 0.0
            var answers = 0.0
            for hour in stride(from: 0, to: 7 * 24, by: 12) {
                let now = Double(hour) * 3_600_000
                stored += Double(try admitted(&openings, 1, 12_000, regions: 6_000, at: now)) * size.stored
                answers += (0..<5_000).reduce(0) { sum, _ in
                    sum + (openings.admitsQuestion(1, size, at: at(now)) ? size.answer : 0)
                }
            }
            #expect(stored <= max(bytes / 5, OpeningAdmission.leastAtOnce * 2), "\(bytes)")
            #expect(answers <= max(bytes * 2 / 3, OpeningAdmission.leastAtOnce * 2), "\(bytes)")
            #expect(try admitted(&openings, 2, 10, regions: 10, at: 6e8) == 10, "another has its own")
        }
    }

    @Test("a burst of thousands is nothing, nor is a gate that opens all the time: it pushes out its own transitions")
    func honestUse() throws {
        var openings = OpeningAdmission(room)
        let plain = OpeningAdmission.Size(witnesses: 2, contents: 100)
        #expect(try admitted(&openings, 1, 6_000, regions: 6_000, plain) == 6_000)
        var flapping = OpeningAdmission(OpeningRoom(transitions: Double(64 << 20)))
        for second in 0..<10_000 {
            #expect(try admitted(&flapping, 1, 5, regions: 1, at: Double(second) * 1000, plain) == 5)
            if second % 997 == 0 { #expect(try admitted(&flapping, 2, 1, regions: 5, at: Double(second) * 1000) == 1) }
        }
    }

    @Test("a gate that was paid for with small openings is paid for again with large ones")
    func largerLater() throws {
        let small = OpeningAdmission.Size(witnesses: 2, contents: 0)
        let large = OpeningAdmission.Size(witnesses: 64, contents: 24_576)
        var openings = OpeningAdmission(room)
        #expect(try admitted(&openings, 1, 5_120, regions: 10, small) == 5_120)
        let more = try admitted(&openings, 1, 10_000, regions: 10, large)
        #expect(Double(more) * large.stored + 5_120 * small.stored <= Double(256 << 20) / 8)
        #expect(openings.gates == 10)
    }

    @Test("invented senders take no more memory than there is for them, and share what others have left")
    func memory() throws {
        var openings = OpeningAdmission(room)
        for source in 0..<10_000 { _ = try admitted(&openings, Int32(source), 1, regions: 1) }
        #expect(openings.senders <= OpeningAdmission.tracked)
        openings.renumber { $0 < 10 ? $0 + 1 : -1 }
        #expect(openings.senders == 10)
        openings.forget { _ in true }
        #expect(openings.gates == 0)
    }

    /// Two that agree and deny by turns in many regions.
    private func toggle(_ bench: inout Bench, regions: Int, rounds: Int) -> (refused: Int, last: Double) {
        var refused = 0
        var now = 0.0
        for _ in 0..<rounds {
            for index in 0..<regions {
                for (cell, polarity) in [("mad", 1), ("madder", 1), ("mad", -1), ("madder", -1)] {
                    now += 0.25
                    do {
                        try bench.wave(
                            cell, 0.95, at: now, domain: "r\(index)", polarity: polarity, content: pad,
                            arrival: now)
                    } catch let refusal as Refusal {
                        if refusal.message.includes("opens more gates") { refused += 1 }
                    } catch {}
                }
            }
        }
        return (refused, now)
    }
    private let pad = "{\"p\":\"" + String(repeating: "p", count: 1_800) + "\"}"

    @Test(
        "in the thalamus: a gate that is not opened stays STABLE, is counted, and opens for whoever has not used its share"
    )
    func inTheThalamus() throws {
        var bench = Bench()
        bench.thalamus.keepOpenings(within: OpeningRoom(transitions: Double(4 << 20), decisions: Double(4 << 20)))
        var (refused, now) = toggle(&bench, regions: 500, rounds: 4)
        let said = bench.take()
        let bytes = said.reduce(0) { sum, conclusion in
            sum
                + Envelope(
                    id: conclusion.id, at: conclusion.transition.at,
                    from: Source(entityID: "thalamus", entityType: .thalamus), conclusion.transition
                ).encoded().count
        }
        #expect(refused > 300 && bench.thalamus.counters.heldGates == refused)
        #expect(bytes < 2 * (4 << 20) / 5, "\(bytes)")
        // What the gates are in is what was said last.
        var states: [Region: GateState] = [:]
        for conclusion in said {
            #expect(states[conclusion.transition.region, default: .stable] == conclusion.transition.fromState)
            states[conclusion.transition.region] = conclusion.transition.toState
        }
        for gate in bench.thalamus.gates(at: at(now), limit: 10_000) {
            #expect(gate.state == states[gate.region, default: .stable], "\(gate.region)")
        }
        // Honest ones open theirs, and also one that the others have spoken in.
        for region in ["honest", "r499"] {
            now += 5_000
            bench.thalamus.advance(to: at(now))
            _ = bench.take()
            _ = try? bench.wave("mad", 0.95, at: now, domain: region, arrival: now)
            _ = try? bench.wave("ann", 0.95, at: now + 1, domain: region, arrival: now + 1)
            _ = try? bench.wave("madder", 0.95, at: now + 2, domain: region, arrival: now + 2)
            try bench.wave("ben", 0.95, at: now + 3, domain: region, arrival: now + 3)
            #expect(bench.take().contains { $0.transition.toState == .open && $0.transition.region.text == region })
        }
    }

    @Test("answers have a share of their own: what is more opens and does not go up")
    func questions() throws {
        var bench = Bench()
        bench.thalamus.keepOpenings(within: OpeningRoom(decisions: Double(1 << 20)))
        _ = toggle(&bench, regions: 500, rounds: 1)
        let openings = bench.take().filter { $0.collapse != nil }
        let asked = openings.count { $0.request != nil }
        #expect(openings.count >= 500 && asked > 0 && asked < 100)
        #expect(bench.thalamus.counters.heldQuestions == openings.count - asked)
    }

    @Test("nothing is bounded in replay")
    func replay() throws {
        for isLive in [true, false] {
            var bench = Bench { $0.boundsNewRegions = false }
            bench.thalamus.keepOpenings(within: OpeningRoom(transitions: 1, decisions: 1))
            for index in 0..<300 {
                for cell in ["a", "b"] {
                    let now = Double(index)
                    try bench.wave(
                        cell, 0.95, at: now, domain: "r\(index)", content: pad, arrival: isLive ? now : nil)
                }
            }
            let openings = bench.take().filter { $0.collapse != nil }
            #expect(openings.count == 300 && openings.allSatisfy { $0.request != nil })
        }
    }
}
