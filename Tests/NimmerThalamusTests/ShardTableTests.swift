import NimmerThalamus
import NimmerWave
import Testing

/// Several tables and one bucket on a virtual clock: messages are late or lost, members come, die, stop for a while and return.
/// The seed fixes everything: each draw of a number comes at its place, since nothing is taken in the order of a dictionary.
private struct World {
    struct Change {
        var at: Int
        var key: String
        var value: String
        var revision: UInt64
    }

    /// The answer to a request for a lease; without a revision the key had changed, or, when it is lost, nobody answered.
    struct Answer {
        var at: Int
        var part: Int
        var revision: UInt64?
        var isLost: Bool
        var sent: SteadyTime
    }

    struct Leaving {
        var at: Int
        var part: Int
        var revision: UInt64
    }

    struct Member {
        var table: ShardTable
        /// What is on its way to it from the bucket.
        var inbox: [Change] = []
        var answers: [Answer] = []
        var leaving: [Leaving] = []
        var pausedUntil = 0
    }

    var seed: UInt64
    var now = 0
    var members: [String: Member] = [:]
    var bucket: [String: Change] = [:]
    var revision: UInt64 = 0
    /// Moments at which two would have judged one part.
    var judgedTwice = 0
    let parts: Int
    var isHarsh: Bool

    init(parts: Int, seed: UInt64, isHarsh: Bool = false) {
        self.parts = parts
        self.isHarsh = isHarsh
        self.seed = seed
    }

    mutating func number(below limit: Int) -> Int {
        seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(seed >> 33) % limit
    }

    func time(_ milliseconds: Int) -> SteadyTime { SteadyTime(nanoseconds: Int64(milliseconds) * 1_000_000) }

    mutating func join(_ id: String, rules: String = "same") {
        var member = Member(table: ShardTable(id: id, rules: rules, partitions: parts, at: time(now)))
        for var entry in bucket.values.sorted(by: { $0.revision < $1.revision }) {
            entry.at = now + 20
            member.inbox.append(entry)
        }
        members[id] = member
    }

    /// What the server does with a change: only at the expected revision.
    private mutating func write(_ key: String, _ value: String, expecting: UInt64?) -> UInt64? {
        if let expecting, (bucket[key]?.revision ?? 0) != expecting { return nil }
        revision += 1
        bucket[key] = Change(at: now, key: key, value: value, revision: revision)
        for id in members.keys.sorted() {
            let delay = 1 + number(below: 300)
            members[id]?.inbox.append(Change(at: now + delay, key: key, value: value, revision: revision))
        }
        return revision
    }

    private mutating func perform(_ actions: [ShardTable.Action], _ id: String) {
        guard let value = members[id]?.table.value else { return }
        for action in actions {
            switch action {
            case .beat: _ = write("members.\(id)", value, expecting: nil)
            case .lease(let part, let expected):
                let fate = isHarsh ? number(below: 100) : 99
                // Lost on the way there, or on the way back, or late.
                let granted = fate < 4 ? nil : write("parts.\(part)", value, expecting: expected)
                let isLost = fate < 8
                let delay = isLost ? 2_000 : 1 + number(below: fate < 16 ? 3_000 : 60)
                let sent = time(now)
                members[id]?.answers.append(
                    Answer(at: now + delay, part: part, revision: granted, isLost: isLost, sent: sent))
            case .leave(let part, let revision):
                let delay = number(below: 500)
                members[id]?.leaving.append(Leaving(at: now + delay, part: part, revision: revision))
            case .drop: break
            case .expire(let part): members[id]?.table.left(part: part)
            }
        }
    }

    /// One millisecond-step for everybody.
    mutating func step(_ milliseconds: Int = 50) {
        now += milliseconds
        for id in members.keys.sorted() {
            guard var member = members[id], member.pausedUntil <= now else { continue }
            var actions: [ShardTable.Action] = []
            for change in member.inbox where change.at <= now {
                actions += member.table.saw(
                    key: change.key, value: change.value, revision: change.revision, at: time(now))
            }
            member.inbox.removeAll { $0.at <= now }
            for answer in member.answers where answer.at <= now {
                if let revision = answer.revision, !answer.isLost {
                    if member.table.granted(part: answer.part, revision: revision, sent: answer.sent) {
                        _ = member.table.isReady(part: answer.part)
                    }
                } else {
                    actions += member.table.refused(
                        part: answer.part, isTaken: answer.revision == nil && !answer.isLost)
                }
            }
            member.answers.removeAll { $0.at <= now }
            let left = member.leaving.filter { $0.at <= now }
            member.leaving.removeAll { $0.at <= now }
            actions += member.table.advance(to: time(now))
            members[id] = member
            for leave in left {
                _ = write("parts.\(leave.part)", "", expecting: leave.revision)
                members[id]?.table.left(part: leave.part)
            }
            perform(actions, id)
        }
        for part in 0..<parts where judges(of: part).count > 1 { judgedTwice += 1 }
    }

    /// Who would judge a wave of a part at this moment, those who are paused included: they may wake within it.
    func judges(of part: Int) -> [String] {
        members.filter { Self.judges($0.value.table, part, time(now)) }.keys.sorted()
    }

    /// Asks a copy: who asks a member after its time tells it that.
    static func judges(_ table: ShardTable, _ part: Int, _ now: SteadyTime) -> Bool {
        var table = table
        return table.judges(part, at: now)
    }

    mutating func run(for milliseconds: Int) {
        let end = now + milliseconds
        while now < end { step() }
    }

    /// From now on nothing is lost or late, and nobody is stopped.
    mutating func makePeace() {
        isHarsh = false
        for id in members.keys.sorted() { members[id]?.pausedUntil = now }
    }

    /// A minute in which members come, die, and stop for a while.
    mutating func storm() {
        for number in 0..<3 { join("m\(number)") }
        var next = 3
        for _ in 0..<60 {
            run(for: 1_000)
            let living = members.keys.sorted()
            switch number(below: 10) {
            case 0 where living.count > 1: members[living[number(below: living.count)]] = nil
            case 1:
                join("m\(next)")
                next += 1
            case 2, 3:
                let one = living[number(below: living.count)]
                let until = now + 500 + number(below: 9_000)
                members[one]?.pausedUntil = until
            default: break
            }
        }
    }
}

@Suite("Sharing regions")
struct ShardTableTests {
    @Test("one member has everything, two more take their fair share, and nothing is judged twice on the way")
    func comingAndGoing() {
        var world = World(parts: 16, seed: 1)
        world.join("a")
        world.run(for: 6_000)
        #expect((0..<16).allSatisfy { world.judges(of: $0) == ["a"] })
        world.join("b")
        world.join("c")
        world.run(for: 20_000)
        for id in ["a", "b", "c"] {
            let count = (0..<16).filter { world.judges(of: $0) == [id] }.count
            #expect((4...6).contains(count), "\(id) has \(count) of 16")
        }
        world.members["b"] = nil
        world.run(for: 9_000)
        #expect(
            (0..<16).allSatisfy { world.judges(of: $0).count == 1 }, "a dead member's parts move within nine seconds")
        #expect(world.judgedTwice == 0)
    }

    @Test("whatever is lost, late, stopped or killed, no part is judged by two", arguments: 1...12)
    func neverTwo(seed: Int) {
        var world = World(parts: 5, seed: UInt64(seed) &* 7_919, isHarsh: true)
        world.storm()
        #expect(world.judgedTwice == 0)
        world.makePeace()
        world.run(for: 15_000)
        for part in 0..<5 { #expect(world.judges(of: part).count == 1, "in peace every part has an owner") }
        #expect(world.judgedTwice == 0)
    }

    @Test("a seed fixes everything that happens", arguments: 1...3)
    func repeatable(seed: Int) {
        func history() -> [[String]] {
            var world = World(parts: 5, seed: UInt64(seed) &* 7_919, isHarsh: true)
            world.storm()
            return world.bucket.sorted { $0.key < $1.key }.map { [$0.key, $0.value.value, "\($0.value.revision)"] }
        }
        #expect(history() == history())
    }

    private func time(_ milliseconds: Double) -> SteadyTime {
        SteadyTime(nanoseconds: 0).advanced(milliseconds: milliseconds)
    }

    /// A member that took the only part two seconds after it had joined, with a lease sent at that moment.
    private func held() -> ShardTable {
        var table = ShardTable(id: "a", rules: "same", partitions: 1, at: time(0))
        _ = table.advance(to: time(2_000))
        _ = table.granted(part: 0, revision: 1, sent: time(2_000))
        _ = table.isReady(part: 0)
        return table
    }

    @Test("an owner that sees its renewals in the bucket judges on, though their acknowledgements are lost")
    func lostAcknowledgements() throws {
        var table = ShardTable(id: "a", rules: "same", partitions: 1, at: time(0))
        #expect(table.advance(to: time(2_000)).contains(.lease(part: 0, revision: 0)))
        let isNew = table.granted(part: 0, revision: 1, sent: time(2_000))
        #expect(isNew)
        _ = table.isReady(part: 0)
        var now = 3_000.0
        for revision in UInt64(2)...6 {
            #expect(table.advance(to: time(now)).contains(.lease(part: 0, revision: revision - 1)))
            #expect(table.saw(key: "parts.0", value: table.value, revision: revision, at: time(now + 100)) == [])
            #expect(table.refused(part: 0, isTaken: false) == [], "nobody answers")
            #expect(World.judges(table, 0, time(now + 3_999)))
            #expect(!World.judges(table, 0, time(now + 4_000)), "but no longer than that proves")
            now += 2_000
        }
    }

    @Test("of two renewals only the first counts when it is unknown which of them was seen")
    func ambiguousRenewal() throws {
        var table = held()
        #expect(table.advance(to: time(3_000)).contains(.lease(part: 0, revision: 1)))
        _ = table.refused(part: 0, isTaken: false)
        #expect(table.advance(to: time(5_000)).contains(.lease(part: 0, revision: 1)))
        #expect(table.saw(key: "parts.0", value: table.value, revision: 2, at: time(5_100)) == [])
        #expect(World.judges(table, 0, time(6_999)) && !World.judges(table, 0, time(7_000)))
        // The second finds the key changed, by the first: nothing was lost.
        #expect(table.refused(part: 0, isTaken: true) == [])
        #expect(table.parts == [0])
        #expect(table.advance(to: time(6_000)).contains(.lease(part: 0, revision: 2)))
        #expect(table.refused(part: 0, isTaken: true) == [.drop(part: 0)], "and this one was taken by somebody else")
    }

    @Test("a lease that was asked for after its time is given up, though it is renewed after that")
    func lapses() throws {
        // The clock shows it.
        var table = held()
        let before = table.concludes(0, at: time(5_999))
        var actions = table.advance(to: time(6_000))
        let after = (table.judges(0, at: time(6_000)), table.concludes(0, at: time(6_000)))
        #expect(before && actions.contains(.expire(part: 0)) && after == (false, false))
        table.left(part: 0)
        actions = table.advance(to: time(6_200))
        #expect(actions.contains(.lease(part: 0, revision: 1)), "its own key is free for it")
        let isNew = table.granted(part: 0, revision: 2, sent: time(6_200))
        #expect(isNew, "and its gates are taken up anew")
        // A wave or a release shows it before a late renewal does.
        table = held()
        _ = table.advance(to: time(3_000))
        let late = table.concludes(0, at: time(6_001))
        _ = table.granted(part: 0, revision: 2, sent: time(5_000))
        let renewed = table.judges(0, at: time(6_100))
        actions = table.advance(to: time(6_200))
        #expect(!late && !renewed && actions.contains(.expire(part: 0)), "what it would have concluded is lost")
        // The one that takes its gates up meanwhile forgets them.
        table = held()
        _ = table.saw(key: "parts.0", value: "b same", revision: 2, at: time(7_000))
        let isHeld = table.isReady(part: 0)
        #expect(!isHeld)
    }

    @Test("of several attempts to take a part, the first may be the one that was granted")
    func ambiguousClaim() throws {
        var table = ShardTable(id: "a", rules: "same", partitions: 1, at: time(0))
        _ = table.advance(to: time(2_000))
        _ = table.refused(part: 0, isTaken: false)
        let again = table.advance(to: time(5_000))
        #expect(again.contains(.lease(part: 0, revision: 0)))
        _ = table.granted(part: 0, revision: 1, sent: time(5_000))
        _ = table.isReady(part: 0)
        #expect(World.judges(table, 0, time(5_999)) && !World.judges(table, 0, time(6_001)))
        // So for renewals.
        table = held()
        _ = table.advance(to: time(3_000))
        _ = table.refused(part: 0, isTaken: false)
        _ = table.advance(to: time(5_500))
        _ = table.granted(part: 0, revision: 2, sent: time(5_500))
        #expect(World.judges(table, 0, time(6_999)) && !World.judges(table, 0, time(7_000)))
    }

    @Test("those who sort by other rules look on until the others have gone")
    func otherRules() {
        var world = World(parts: 4, seed: 3)
        world.join("old", rules: "b")
        world.run(for: 6_000)
        world.join("new", rules: "a")
        world.run(for: 10_000)
        #expect(world.members["new"]?.table.isStandingBy(at: world.time(world.now)) == true)
        #expect((0..<4).allSatisfy { world.judges(of: $0) == ["old"] })
        world.members["old"] = nil
        world.run(for: 10_000)
        #expect((0..<4).allSatisfy { world.judges(of: $0) == ["new"] })
    }
}
