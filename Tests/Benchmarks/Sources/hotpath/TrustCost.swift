import Glibc
import NimmerGate
import NimmerSystem
import NimmerThalamus
import NimmerWave

/// Cost of earned trust, as a ratio to declared trust in the same run (trust.md).
extension HotPath {
    /// The configuration of the other measurements, with another source of trust.
    static func configuration(_ trust: TrustSource) -> ThalamusConfiguration {
        var changed = configuration
        let gate = configuration.gate
        changed.gate = { region in
            var settings = gate(region)
            settings.trust = trust
            return settings
        }
        return changed
    }

    /// Prints how long earned trust takes as a multiple of declared trust: the median of rounds in turns, since what slows this machine for a
    /// while slows both.
    static func trustRatios(rounds: Int = 15) {
        let work: [(String, (TrustSource) -> Double)] = [
            ("gate", { gateNanoseconds($0) }),
            ("together_64x8", { 1 / together(regions: 64, origins: 8, configuration($0), rounds: 1) }),
            ("regions_10000", { 1 / together(regions: 10_000, origins: 8, configuration($0), rounds: 1) }),
        ]
        for (name, measure) in work {
            let ratios = (0..<rounds).map { round -> Double in
                // Each goes first in every other round.
                guard round % 2 == 0 else {
                    let earned = measure(.earned)
                    return earned / measure(.declared)
                }
                let declared = measure(.declared)
                return measure(.earned) / declared
            }.sorted()
            print(
                JSON.object([
                    "name": .string("trust_\(name)"), "ratio": .number(ratios[rounds / 2]),
                    "least": .number(ratios[0]), "most": .number(ratios[rounds - 1]),
                ]).text)
        }
    }

    private static func gateNanoseconds(_ trust: TrustSource) -> Double {
        var settings = GateConfiguration()
        settings.trust = trust
        var gate = Gate(settings)
        var transitions: ContiguousArray<Transition> = []
        var at: Int64 = 0
        let began = now()
        for index in 0..<2_000_000 {
            at += 1_000_000
            _ = gate.receive(
                Evidence(origin: Int32(index & 7), region: 0, confidence: 0.7, at: Timestamp(nanoseconds: at)),
                into: &transitions)
            if !transitions.isEmpty { transitions.removeAll(keepingCapacity: true) }
        }
        return now() - began
    }

    /// Takes waves of 64 regions with 8 origins each, for a counter of allocations around the process.
    static func steady(_ trust: TrustSource, waves: Int) {
        _ = together(regions: 64, origins: 8, configuration(trust), rounds: 1, count: waves)
    }

    /// Prints the resident memory, in bytes, after waves of 10,000 regions with 8 origins each.
    static func resident(_ trust: TrustSource) {
        _ = together(regions: 10_000, origins: 8, configuration(trust), rounds: 1) { _ in
            print(JSON.object(["name": .string("rss_\(trust.rawValue)"), "bytes": .number(residentBytes())]).text)
        }
    }

    private static func residentBytes() -> Double {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var text = [CChar](repeating: 0, count: 256)
        guard fgets(&text, 256, file) != nil else { return 0 }
        let fields = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
            separator: " ")
        return (fields.count > 1 ? Double(fields[1]) ?? 0 : 0) * Double(sysconf(Int32(_SC_PAGESIZE)))
    }
}
