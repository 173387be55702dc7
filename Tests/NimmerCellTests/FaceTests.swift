import NimmerBus
import NimmerCell
import NimmerSystemFile
import NimmerTesting
import Testing

/// A whole cell, as an author writes it.
struct Cellar: Cell {
    static let manifest = Manifest(
        name: "cellar", version: "1.0.0", summary: "Detects a damp cellar.", domain: "climate",
        interval: 1000)
    struct Options: ProcessOptions {
        let alarm = Setting.number("alarm", 4, in: 1...100, unit: "%", "Humidity that is too much.")
    }
    let alarm: Double

    init(_ settings: Settings<Options>) { alarm = settings.alarm }

    mutating func sense(_ pulse: inout Pulse) throws {
        let humidity = try readNumber("/proc/loadavg")
        pulse.emit(confidence: min(1, humidity / alarm), ["humidity": .number(humidity)])
    }

    static func main() async { await run(on: { _ in InMemoryBus() }, reading: YAML.reader) }
}

@Suite("A cell author's face")
struct FaceTests {
    @Test("one import, one file, and it senses")
    func senses() throws {
        var bench = try CellBench<Cellar>()
        bench.start()
        bench.advance(milliseconds: 3000)
        #expect(bench.waves.count == 4)
        #expect(bench.waves.allSatisfy { $0.domain.text == "climate" })
    }

    @Test("a file that is not there or holds no number is named")
    func numbers() throws {
        #expect(try readNumber("/proc/self/stat") > 0)
        do throws(Refusal) {
            _ = try readNumber("/no/such/file")
            Issue.record("a file that does not exist was read")
        } catch { #expect(error.message == "/no/such/file cannot be read") }
        do throws(Refusal) {
            _ = try readNumber("/proc/self/status")
            Issue.record("a text was read as a number")
        } catch { #expect(error.description.contains("must begin with a number; found 'Name:'")) }
    }

    @Test("time never goes back for a cell")
    func monotonic() throws {
        var bench = try CellBench<Cellar>()
        bench.start()
        let start = bench.now
        let pulse = bench.body
        var body = pulse
        var seen: [Timestamp] = []
        for offset in [10.0, 5, 20] {
            _ = body.update(at: start.advanced(milliseconds: offset)) { _, pulse in seen.append(pulse.at) }
        }
        #expect(seen == [10, 10, 20].map { start.advanced(milliseconds: $0) })
    }
}
