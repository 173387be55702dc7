import NimmerOutput
import NimmerWave

/// The gates of a thalamus, one a line.
package enum GateTable {
    /// The table of the gates that the thalamus lists.
    package static func table(_ gates: [JSON], _ paint: Paint) -> Table {
        var table = Table(["gate", "state", "potential", "", "weight", "witnesses", "region"])
        for gate in gates {
            let potential = gate["potential"]?.double ?? 0
            let threshold = gate["open_threshold"]?.double ?? 0.5
            table.add([
                gate["gate_id"]?.string ?? "", paint.state(GateState(word: gate["state"]?.string ?? "") ?? .stable),
                signed(potential), Bar.potential(potential, threshold: threshold),
                decimals(gate["weight"]?.double ?? 0), "\(gate["witnesses"]?.int ?? 0)", gate["region"]?.string ?? "",
            ])
        }
        return table
    }
}

/// A potential as a bar around its zero, the threshold marked: `▕    │██  ▏`.
package enum Bar {
    package static let half = 8

    package static func potential(_ value: Double, threshold: Double) -> String {
        let filled = min(half, Int(saturating: (value.magnitude * Double(half)).rounded()))
        let mark = min(half - 1, Int(saturating: max(1, (threshold * Double(half)).rounded())) - 1)
        let positive = (0..<half).map { index in
            value > 0 && index < filled ? "█" : index == mark ? "┊" : " "
        }.joined()
        let negative = (0..<half).map { value < 0 && $0 >= half - filled ? "█" : " " }.joined()
        return "▕\(negative)│\(positive)▏"
    }
}
