import Glibc
import NimmerGate
import NimmerSystem
import NimmerSystemFile
import NimmerThalamus
import NimmerWave

/// The hot path on one core without a server: decode alone, gate alone, both together, and with many regions.
/// Prints one JSON line a measurement: waves a second, the best of five rounds. Arguments name those that are wanted; `trust` is that of
/// earned trust, `resident SOURCE` and `steady SOURCE WAVES` are for a process of their own.
@main struct HotPath {
    static func main() {
        let wanted = CommandLine.arguments.dropFirst()
        if let trust = wanted.dropFirst().first.flatMap(TrustSource.init(rawValue:)) {
            if wanted.first == "resident" { return resident(trust) }
            if wanted.first == "steady", let waves = wanted.last.flatMap({ Int($0) }) {
                return steady(trust, waves: waves)
            }
        }
        let measurements: [(name: String, rate: () -> Double)] = [
            ("decode", decode), ("gate", gate),
            ("together", { together(regions: 1, origins: 1) }),
            ("together_64x8", { together(regions: 64, origins: 8) }),
            ("transitions", transitions),
            ("openings", { openings(encoding: true) }),
            ("openings_unencoded", { openings(encoding: false) }),
        ]
        for (name, rate) in measurements where wanted.isEmpty || wanted.contains(name) {
            print(line(name, rate()))
        }
        if wanted.isEmpty || wanted.contains("regions") {
            // In turns: what slows this machine for a while slows both.
            let pairs = (0..<4).map { _ in (together(regions: 1, origins: 8), together(regions: 10_000, origins: 8)) }
            print(line("regions_1", pairs.map(\.0).max() ?? 0))
            print(line("regions_10000", pairs.map(\.1).max() ?? 0))
        }
        if wanted.isEmpty || wanted.contains("trust") { trustRatios() }
    }

    /// One cell that is granted the origins which its waves name, as a system file grants them.
    static let configuration: ThalamusConfiguration = {
        let text =
            "nimmerverse: 1\nname: bench\ncells:\n  - {name: math, command: [math], origins: [\"o*\", first, second]}\n"
        guard let system = try? SystemFile(parsing: Array(text.utf8), file: "bench.yaml"),
            let configuration = try? ThalamusConfiguration(system, environment: .dev)
        else { preconditionFailure("the system file of the benchmark is invalid") }
        return configuration
    }()

    static func line(_ name: String, _ rate: Double) -> String {
        JSON.object(["name": .string(name), "waves_per_second": .number(rate.rounded())]).text
    }

    static func best(_ count: Int, rounds: Int = 5, _ work: () -> Void) -> Double {
        (0..<rounds).map { _ in
            let began = now()
            work()
            return Double(count) / (now() - began)
        }.max() ?? 0
    }

    /// Processor time of this thread in seconds: what else runs on the machine does not count.
    static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    static func wave(_ domain: String, origin: String) -> [UInt8] {
        Array(
            (#"{"header":{"message_id":"550e8400-e29b-41d4-a716-446655440000","message_type":"WaveSignal","version":"2.0","#
                + #""timestamp":"2026-02-14T18:30:00.123Z","source":{"entity_id":"math_cell_1","entity_type":"cell","#
                + #""garden":"virtual","tier":1}},"body":{"domain":"\#(domain)","confidence":0.7,"semantic_content":"#
                + #"{"operation":"addition","operands":[15,27],"context":"user_request"},"lifeforce_cost":0.1"#
                + (origin.isEmpty ? "" : #","origin":"\#(origin)""#) + "}}").utf8)
    }

    /// Openings a second: the second of two waves in a region that nobody has used, and what follows from it as bytes.
    static func openings(encoding: Bool) -> Double {
        let source = Source(entityID: "thalamus", entityType: .thalamus, garden: .real, tier: 0)
        let subject = Array("dev.nervous.cells.math.wave".utf8)
        let count = 2000
        let waves = (0..<count).map { (wave("x\($0)", origin: "first"), wave("x\($0)", origin: "second")) }
        var bytes = 0
        let rate = best(count) {
            var thalamus = Thalamus(configuration)
            for (first, second) in waves {
                _ = try? thalamus.receive(subject: subject.span.bytes, payload: first.span.bytes, arrival: nil)
                _ = try? thalamus.receive(subject: subject.span.bytes, payload: second.span.bytes, arrival: nil)
                let conclusions = thalamus.conclusions
                thalamus.conclusions.removeAll(keepingCapacity: true)
                guard encoding else { continue }
                for item in conclusions {
                    bytes +=
                        Envelope(id: item.id, at: item.transition.at, from: source, item.transition).encoded().count
                }
            }
        }
        precondition(!encoding || bytes > 0)
        return rate
    }

    static func decode() -> Double {
        let bytes = wave("math", origin: "")
        var view = WaveView()
        var sum = 0.0
        let rate = best(1_000_000) {
            for _ in 0..<1_000_000 {
                try? WaveDecoder.decode(bytes.span.bytes, into: &view)
                sum += view.confidence
            }
        }
        precondition(sum > 0)
        return rate
    }

    /// Transitions a second, decoded into values as the hippocampus does.
    static func transitions() -> Double {
        let at = Timestamp(nanoseconds: 1_771_093_800_123_000_000)
        guard let gate = try? Token("math"), let one = try? Token("one"), let two = try? Token("two") else { return 0 }
        let body = GateTransition(
            gateID: GateID(gate), domain: gate, region: Region(gate), fromState: .stable, toState: .open,
            stateValue: 0.91, weight: 0.1, correlationScore: 0.87,
            triggerSignals: [one, two].map {
                TriggerSignal(
                    source: "math_cell_\($0)", origin: $0, confidence: 0.7, polarity: 1, timestamp: at, push: 0.3)
            }, lifeforceCost: 0.2, at: at)
        let bytes = Envelope(
            id: .v7(), at: at, from: Source(entityID: "thalamus-7f9c", entityType: .thalamus), body
        ).encoded()
        return best(20_000) {
            for _ in 0..<20_000 { _ = try? Envelope<GateTransition>(decoding: bytes) }
        }
    }

    static func gate() -> Double {
        var gate = Gate()
        var transitions: ContiguousArray<Transition> = []
        var at: Int64 = 0
        return best(2_000_000) {
            for index in 0..<2_000_000 {
                at += 1_000_000
                _ = gate.receive(
                    Evidence(
                        origin: Int32(index & 7), region: 0, confidence: 0.7, at: Timestamp(nanoseconds: at)),
                    into: &transitions)
                if !transitions.isEmpty { transitions.removeAll(keepingCapacity: true) }
            }
        }
    }

    /// One buffer, as a socket's, into which each wave's region and origin are written: five digits and one; the same
    /// writing for one region as for many, so that only the thalamus makes the difference.
    static func together(
        regions: Int, origins: Int, _ configuration: ThalamusConfiguration = configuration, rounds: Int = 5,
        count: Int = 500_000, then: (Thalamus) -> Void = { _ in }
    ) -> Double {
        var thalamus = Thalamus(configuration)
        let subject = Array("dev.nervous.cells.math.wave".utf8)
        var bytes = wave("r00000", origin: origins == 1 ? "" : "o0")
        let region = place(of: "r00000", in: bytes) + 1
        let origin = origins == 1 ? nil : place(of: "\"o0\"", in: bytes) + 2
        var arrival: Int64 = 1_771_093_800_000_000_000
        var next = 0
        var made = 0
        defer { then(thalamus) }
        return best(count, rounds: rounds) {
            for _ in 0..<count {
                arrival += 1000
                if let origin {
                    var number = next % regions
                    for digit in stride(from: 4, through: 0, by: -1) {
                        bytes[region + digit] = UInt8(0x30 + number % 10)
                        number /= 10
                    }
                    bytes[origin] = UInt8(0x30 + next / regions)
                }
                // New regions cost the sender its share; here each is made once, before any round counts.
                let isNew = made < regions
                made += 1
                do {
                    _ = try thalamus.receive(
                        subject: subject.span.bytes, payload: bytes.span.bytes,
                        arrival: isNew ? nil : Timestamp(nanoseconds: arrival))
                } catch { preconditionFailure("\(error)") }
                next = next + 1 == regions * origins ? 0 : next + 1
                if !thalamus.conclusions.isEmpty { thalamus.conclusions.removeAll(keepingCapacity: true) }
            }
        }
    }

    static func place(of text: String, in bytes: [UInt8]) -> Int {
        let wanted = Array(text.utf8)
        return bytes.indices.first { bytes[$0...].starts(with: wanted) } ?? 0
    }
}
