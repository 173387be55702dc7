import NimmerProcess
import NimmerWave
import Testing

/// Which messages are suspected of having ended the process.
@Suite("Suspects")
struct CrashSuspectsTests {
    private let start = Timestamp(milliseconds: 1_771_093_800_000)
    private let poison = CrashSuspects.Place(stream: "DEV-ESCALATIONS", sequence: 7)
    private let other = CrashSuspects.Place(stream: "DEV-ESCALATIONS", sequence: 8)

    private func at(_ seconds: Double) -> Timestamp { start.advanced(milliseconds: seconds * 1000) }

    private func life(_ name: String, _ seconds: Double, after former: CrashSuspects...) throws -> CrashSuspects {
        var life = CrashSuspects(life: .named(name), instance: name, at: at(seconds))
        for former in former {
            // As it was kept.
            life.take(over: try #require(CrashSuspects(try JSON(parsing: former.json.bytes))))
        }
        return life
    }

    @Test("a record that lacks something, or holds what was not written, is refused")
    func strict() throws {
        var life = try life("1", 0)
        _ = life.judge(poison, count: 2, storedAt: at(-5))
        let object = try #require(life.json.object)
        #expect(CrashSuspects(.object(object)) == life)
        for key in object.members.map(\.key) {
            var changed = object
            changed[key] = nil
            #expect(CrashSuspects(.object(changed)) == nil, "without \(key)")
            changed[key] = [5]
            #expect(CrashSuspects(.object(changed)) == nil, "\(key) of another type")
        }
    }

    @Test("a message that ends each life is suspected, handled alone the third time, and then set aside")
    func poisonous() throws {
        var first = try life("1", 0)
        #expect(first.judge(poison, count: 1, storedAt: at(5)) == .handle)
        #expect(first.suspects.isEmpty, "nothing is kept of what is delivered once")
        var second = try life("2", 6, after: first)
        #expect(second.judge(poison, count: 2, storedAt: at(5)) == .suspect)
        second.begin(poison, at: at(16))
        #expect(second.judge(poison, count: 3, storedAt: at(5)) == .handle, "it is in hand")
        var third = try life("3", 17, after: second)
        #expect(third.judge(poison, count: 3, storedAt: at(5)) == .alone)
        third.begin(poison, isAlone: true, at: at(27))
        #expect(third.isAlone(poison))
        var fourth = try life("4", 28, after: third)
        #expect(fourth.judge(poison, count: 4, storedAt: at(5)) == .setAside)
        #expect(fourth.judge(poison, count: 5, storedAt: at(5)) == .setAside, "as often as it takes")
        #expect(fourth.finished(poison) == true)
        #expect(try life("5", 40, after: fourth).suspects.isEmpty)
    }

    @Test("one that waited before the first life is found as soon")
    func backlog() throws {
        let first = try life("1", 0)
        var second = try life("2", 1, after: first)
        #expect(second.judge(poison, count: 2, storedAt: at(-100)) == .suspect)
        second.begin(poison, at: at(11))
        var third = try life("3", 12, after: second)
        #expect(third.judge(poison, count: 3, storedAt: at(-100)) == .alone)
    }

    @Test("a life that ends in order makes nothing suspicious")
    func orderly() throws {
        var first = try life("1", 0)
        first.end()
        var second = try life("2", 6, after: first)
        #expect(second.judge(poison, count: 2, storedAt: at(5)) == .handle && second.suspects.isEmpty)
    }

    @Test("what is handled without harm, or for longer than a moment, is cleared by a crash at another time")
    func survived() throws {
        var second = try life("2", 6, after: try life("1", 0))
        for place in [poison, other] {
            #expect(second.judge(place, count: 2, storedAt: at(5)) == .suspect)
            second.begin(place, at: at(16))
        }
        #expect(second.finished(other) == true)
        #expect(second.nextDeadline == at(16).advanced(milliseconds: CrashSuspects.firstWindow))
        #expect(second.advance(to: at(17)) && second.nextDeadline == nil)
        var third = try life("3", 30, after: second)
        #expect(third.suspects[poison]?.crashes == 0, "somebody else ended it")
        #expect(third.suspects[other] == nil)
        #expect(third.judge(poison, count: 3, storedAt: at(5)) == .suspect)
    }

    @Test("one that ends the process late is given more time each time, until it counts")
    func late() throws {
        var life = try life("2", 6, after: try life("1", 0))
        var lives = 2
        while life.judge(poison, count: lives, storedAt: at(5)) != .setAside, lives < 20 {
            life.begin(poison, isAlone: life.suspects[poison]?.crashes == 2, at: at(Double(lives) * 20))
            _ = life.advance(to: at(Double(lives) * 20 + 2))
            lives += 1
            life = try self.life("\(lives)", Double(lives) * 20 - 5, after: life)
        }
        #expect(lives == 7, "two crashes that are too late, then three that count")
    }

    @Test("a crash with no suspect just begun clears those that wait")
    func killed() throws {
        var second = try life("2", 6, after: try life("1", 0))
        #expect(second.judge(poison, count: 2, storedAt: at(5)) == .suspect)
        second.begin(poison, at: at(16))
        let third = try life("3", 17, after: second)
        #expect(third.suspects[poison]?.crashes == 2)
        let fourth = try life("4", 20, after: third)
        #expect(fourth.suspects[poison]?.crashes == 0)
    }

    @Test("a message that was in the hands of an earlier life than the last is suspected without a count")
    func earlier() throws {
        let third = try life("3", 8, after: try life("2", 6, after: try life("1", 0)))
        var fresh = third
        #expect(fresh.judge(poison, count: 2, storedAt: at(5)) == .suspect && fresh.suspects[poison]?.crashes == 0)
        #expect(fresh.judge(other, count: 2, storedAt: at(7)) == .suspect && fresh.suspects[other]?.crashes == 1)
    }

    @Test("what was given back, or came again to the same run, is no suspect")
    func givenBack() throws {
        var first = try life("1", 0)
        first.gaveBack(poison)
        var second = try life("2", 6, after: first)
        #expect(second.judge(poison, count: 2, storedAt: at(5)) == .handle)
        second.gaveBack(poison)
        #expect(second.judge(poison, count: 3, storedAt: at(5)) == .handle)
        #expect(second.judge(other, count: 2, storedAt: at(7)) == .handle, "its time ran out here")
        #expect(second.suspects.isEmpty)
    }

    @Test("a suspect that is given back is no longer in progress")
    func suspectGivenBack() throws {
        var second = try life("2", 6, after: try life("1", 0))
        #expect(second.judge(poison, count: 2, storedAt: at(5)) == .suspect)
        second.begin(poison, at: at(16))
        second.gaveBack(poison)
        #expect(try life("3", 17, after: second).suspects[poison]?.crashes == 0)
    }

    @Test("two poisonous messages do not clear each other")
    func two() throws {
        var life = try life("0", 0)
        var verdicts: [CrashSuspects.Place: [CrashSuspects.Verdict]] = [:]
        for turn in 0..<12 {
            let place = turn % 2 == 0 ? poison : other
            let count = turn / 2 + 1
            let verdict = life.judge(place, count: count, storedAt: at(turn < 2 ? Double(turn) * 5 + 1 : 0))
            verdicts[place, default: []].append(verdict)
            if verdict == .setAside {
                _ = life.finished(place)
                continue
            }
            life.begin(place, isAlone: verdict == .alone, at: at(Double(turn) * 5 + 1))
            life = try self.life("\(turn + 1)", Double(turn) * 5 + 2, after: life)
        }
        #expect(verdicts[poison]?.contains(.setAside) == true)
        #expect(verdicts[other]?.contains(.setAside) == true)
    }

    @Test("a former life that died while it took over another is counted once")
    func takenTwice() throws {
        var second = try life("2", 6, after: try life("1", 0))
        #expect(second.judge(poison, count: 2, storedAt: at(5)) == .suspect)
        second.begin(poison, at: at(16))
        let third = try life("3", 17, after: second)
        #expect(third.taken == [.named("1"), .named("2")])
    }
}
