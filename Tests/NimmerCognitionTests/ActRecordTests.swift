import NimmerCognition
import NimmerWave
import Seeds
import Testing

@Suite("The record of a decision's commands")
struct ActRecordTests {
    private let now = Sample.now
    private func later(_ milliseconds: Double) -> Timestamp { now.advanced(milliseconds: milliseconds) }

    private func record(_ mode: String, commands: Int = 2, until: Double = 1000) -> ActRecord? {
        let list = (0..<commands).map { DownstreamCommand(target: "motor", command: "step\($0)") }
        let result: JSON = [
            "region": "plant", "commands": .string(mode), "commands_until": .string(later(until).rfc3339),
        ]
        return ActRecord(
            CognitiveResponse(
                requestID: .named("a"), decision: "inspect", result: result, downstreamCommands: list,
                outcome: .answered),
            at: now)
    }

    private func kept(_ record: ActRecord) throws -> ActRecord {
        try #require(ActRecord(try JSON(parsing: record.json.bytes)))
    }

    @Test("nothing is recorded where nothing may be sent")
    func none() {
        #expect(record("dry-run") == nil && record("act", commands: 0) == nil && record("whatever") == nil)
    }

    @Test("a record that lacks something, or holds what was not written, is refused")
    func strict() throws {
        let object = try #require(record("act")?.json.object)
        for key in object.members.map(\.key) {
            var changed = object
            changed[key] = nil
            #expect(ActRecord(.object(changed)) == nil, "without \(key)")
            changed[key] = [5]
            #expect(ActRecord(.object(changed)) == nil, "\(key) of another type")
        }
    }

    @Test("commands go one after the other, each kept before it leaves")
    func order() throws {
        var record = try #require(self.record("act"))
        #expect(record.next(at: now) == .send(0) && record.state == .sending)
        record.ended(CommandResult(status: .ok), at: later(1))
        #expect(record.next(at: later(2)) == .send(1))
        record.ended(CommandResult(status: .ok, result: ["angle": 4]), at: later(3))
        #expect(record.state == .done && record.next(at: later(4)) == .none)
        #expect(try kept(record) == record)
    }

    @Test("of results that are too long to be kept together, their length is")
    func longResults() throws {
        var record = try #require(self.record("act", commands: 8))
        for step in 0..<8 {
            _ = record.next(at: now)
            let long = JSON.string(String(repeating: "x", count: 60_000))
            record.ended(
                CommandResult(status: .ok, result: step == 0 ? ["angle": 4] : long), at: later(Double(step)))
        }
        #expect(record.state == .done && record.results[0].result == ["angle": 4])
        #expect(record.results[7].result == ["omitted_bytes": 60_002])
        #expect(record.json.bytes.count < 65_536)
        #expect(try kept(record) == record)
    }

    @Test("one that fails or is refused ends the rest")
    func failure() throws {
        var record = try #require(self.record("act"))
        _ = record.next(at: now)
        record.ended(CommandResult(status: .refused, error: "busy"), at: later(1))
        #expect(record.state == .failed && record.next(at: later(2)) == .none)
    }

    @Test("one that was on its way when the bridge died is never sent again, and is recorded as unknown")
    func crash() throws {
        var record = try #require(self.record("act"))
        #expect(record.next(at: now) == .send(0))
        var found = try kept(record)
        #expect(found.next(at: later(1)) == .finish && found.state == .unknown)
        #expect(found.next(at: later(2)) == .none)
    }

    @Test("a person's word is waited for, and counts once")
    func confirm() throws {
        var record = try #require(self.record("confirm"))
        #expect(record.next(at: now) == .wait)
        var refused = record
        #expect(refused.decide(approve: false, by: "ada", at: later(1)) == nil && refused.state == .refused)
        #expect(refused.next(at: later(2)) == .none)
        #expect(refused.decide(approve: true, by: "bob", at: later(2)) == "it is refused already")
        #expect(record.decide(approve: true, by: "ada", at: later(1)) == nil && record.word == "ada")
        #expect(record.next(at: later(2)) == .send(0))
        var late = try #require(self.record("confirm"))
        #expect(late.decide(approve: true, by: "ada", at: later(1000))?.hasPrefix("its time was over") == true)
        #expect(late.state == .expired)
    }

    @Test("what comes too late is not sent")
    func expired() throws {
        var waiting = try #require(self.record("confirm")), approved = try #require(self.record("act"))
        #expect(waiting.next(at: later(1000)) == .finish && waiting.state == .expired)
        #expect(approved.next(at: later(1000)) == .finish && approved.state == .expired)
    }

    @Test("whatever happens and whenever it dies, no command leaves twice", arguments: 0..<200)
    func property(seed: UInt64) throws {
        var random = Seeded(seed + 1)
        let modes = ["act", "confirm"]
        var memory = try #require(record(modes[Int(seed % 2)], commands: Int.random(in: 1...4, using: &random)))
        var stored = memory
        var sent: [Int] = []
        for turn in 0..<40 {
            let at = later(Double(turn) * Double.random(in: 0...30, using: &random))
            switch Int.random(in: 0..<5, using: &random) {
            case 0: memory = try kept(stored)
            case 1:
                _ = memory.decide(approve: Bool.random(using: &random), by: "x", at: at)
                stored = memory
            default:
                guard case .send(let place) = memory.next(at: at) else {
                    stored = memory
                    continue
                }
                if Int.random(in: 0..<6, using: &random) == 0 {
                    memory = try kept(stored)
                    continue
                }
                stored = memory
                sent.append(place)
                if Int.random(in: 0..<4, using: &random) == 0 {
                    memory = try kept(stored)
                    continue
                }
                memory.ended(CommandResult(status: Bool.random(using: &random) ? .ok : .error), at: at)
                if Int.random(in: 0..<4, using: &random) == 0 {
                    memory = try kept(stored)
                    continue
                }
                stored = memory
            }
        }
        #expect(Set(sent).count == sent.count)
        #expect(sent == sent.sorted())
    }
}
