import NimmerBus
import NimmerProcess
import NimmerSensing
import NimmerTesting
import NimmerWave
import Testing

@testable import MultivariateCell
@testable import NimmerCell
@testable import SensorCell

/// What cells have learned survives them (sensing.md, What survives a restart).
@Suite("sensing cells: what was learned survives a restart")
struct SensorLearnedTests {
    private static let now = Timestamp(milliseconds: 1_700_000_000_000)

    private func sensor(_ changes: [String: SettingValue] = [:]) throws -> CellBody<Sensor> {
        let all: [String: SettingValue] = ["subject": .text("a.b"), "learning_samples": .whole(100)]
        return try CellBody(Configuration(of: Sensor.self, changes: all.merging(changes) { $1 }))
    }

    private func feed(_ body: inout CellBody<Sensor>, _ range: Range<Int>) -> [WaveSignal] {
        range.flatMap { index in
            let value = 20 + Double(index * 7 % 23) / 10 + (index > 400 && index < 430 ? 30 : 0)
            return body.update(at: Timestamp(milliseconds: Double(index) * 1000)) { try $0.read(value, &$1) }.waves
        }
    }

    @Test("a sensor continues where it was, with its state, its progress and the same waves")
    func continues() throws {
        var one = try sensor()
        _ = feed(&one, 0..<380)
        let kept = try #require(one.learned(at: Self.now))
        #expect(kept.version == "1.0.0" && kept.cell == "sensor" && kept.readings == 380)
        #expect(kept.learnsFrom.hasPrefix("subject: a.b, learning_samples: 100, changes: true, detector: "))
        var other = try sensor()
        let pulse = other.resume(kept.bytes, wall: Self.now, at: Timestamp(milliseconds: 380_000))
        #expect(pulse.states.map(\.toState) == ["CALM"] && other.progress == nil)
        let (waves, same) = (feed(&one, 380..<600), feed(&other, 380..<600))
        #expect(waves.count > 5 && waves.map(\.semanticContent) == same.map(\.semanticContent))
        #expect(one.cell.learned == other.cell.learned)
        var early = try sensor()
        _ = feed(&early, 0..<40)
        var later = try sensor()
        _ = later.resume(try #require(early.learned(at: Self.now)).bytes, wall: Self.now, at: Self.now)
        #expect(later.progress == CellProgress(done: 40, whole: 100))
        #expect(try sensor().learned(at: Self.now) == nil, "nothing was read")
    }

    @Test("what does not fit is set aside with the reason, and the cell is as new")
    func setAside() throws {
        var one = try sensor()
        _ = feed(&one, 0..<380)
        let kept = try #require(one.learned(at: Self.now))
        func reason(_ bytes: [UInt8], _ changes: [String: SettingValue] = [:]) throws -> String? {
            var body = try sensor(changes)
            let pulse = body.resume(bytes, wall: Self.now, at: Self.now)
            #expect(pulse.actions.count == 1 && body.cell.detector.samples == 0 && body.cell.learned == nil)
            guard
                case .log(.warning, "What was learned before is set aside: learns as new", let values)? = pulse.actions
                    .first
            else { return nil }
            return values["reason"]
        }
        func other(_ change: (inout LearnedState) -> Void) -> [UInt8] {
            var state = kept
            change(&state)
            return state.bytes
        }
        #expect(try reason(kept.bytes, ["learning_samples": .whole(200)])?.contains("learning_samples: 200") == true)
        #expect(try reason(kept.bytes, ["subject": .text("a.c")])?.contains("subject: a.c") == true)
        #expect(try reason(kept.bytes, ["column": .text("3")])?.contains("column: 3") == true)
        #expect(try reason(kept.bytes, ["changes": .flag(false)])?.contains("changes: false") == true)
        #expect(try reason(other { $0.version = "0.9.0" })?.contains("'0.9.0'") == true)
        #expect(try reason(other { $0.cell = "multivariate" })?.contains("'multivariate'") == true)
        #expect(try reason(other { $0.at = Self.now.advanced(milliseconds: 600_000) })?.contains("future") == true)
        #expect(try reason(other { $0.content.removeLast(8) }) != nil)
        #expect(try reason(other { $0.content += [0] }) != nil)
        #expect(try reason([])?.contains("damaged") == true)
        var bytes = kept.bytes
        bytes[8] = 9
        #expect(try reason(bytes)?.contains("format must be 1") == true)
        for place in stride(from: 9, to: kept.bytes.count, by: 7) {
            var bytes = kept.bytes
            bytes[place] ^= 0x10
            #expect(try reason(bytes)?.contains("damaged") == true)
        }
        for length in stride(from: 0, to: kept.bytes.count, by: 11) {
            #expect(try reason(Array(kept.bytes.prefix(length))) != nil)
        }
    }

    @Test("a multivariate cell continues with its rows, and asks for the same inputs")
    func rows() throws {
        func body(_ subjects: [String]) throws -> CellBody<Multivariate> {
            try CellBody(
                Configuration(
                    of: Multivariate.self, changes: ["subjects": .list(subjects), "learning_samples": .whole(60)]))
        }
        func row(_ index: Int) -> [Double] {
            [Double(index * 7 % 23), Double(index * 7 % 23) / 2 + Double(index * 5 % 11) / 10]
        }
        var one = try body(["a.b", "a.c"])
        for index in 0..<200 {
            _ = one.update(at: Timestamp(milliseconds: Double(index))) { try $0.read(row(index), &$1) }
        }
        let kept = try #require(one.learned(at: Self.now))
        var other = try body(["a.b", "a.c"])
        #expect(other.resume(kept.bytes, wall: Self.now, at: Self.now).states.map(\.toState) == ["CALM"])
        for index in 200..<400 {
            _ = one.update(at: Timestamp(milliseconds: Double(index))) { try $0.read(row(index), &$1) }
            _ = other.update(at: Timestamp(milliseconds: Double(index))) { try $0.read(row(index), &$1) }
        }
        #expect(one.cell.learned == other.cell.learned)
        var swapped = try body(["a.c", "a.b"])
        #expect(swapped.resume(kept.bytes, wall: Self.now, at: Self.now).states.isEmpty)
        #expect(swapped.cell.detector.samples == 0)
    }

    @Test("parts of an answer make the whole")
    func parts() throws {
        let value = (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var bytes: [UInt8] = []
        while bytes.count < value.count {
            let part = try #require(LearnedParts(LearnedParts(of: value, revision: 7, from: bytes.count).json))
            #expect(part.whole == 70_000 && part.revision == 7 && part.json.text.utf8.count < 62_000)
            bytes += part.bytes
        }
        #expect(bytes == value)
        #expect(LearnedParts([:]) == nil && LearnedParts(["revision": 1, "bytes": 1, "part": "xy"]) == nil)
    }
}
