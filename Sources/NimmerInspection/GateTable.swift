import NimmerOutput
import NimmerWave

/// The gates of a thalamus, one a line.
package enum GateTable {
    /// The table of the gates that the thalamus lists.
    package static func table(_ gates: [JSON], _ paint: Paint) -> Table {
        var table = Table(["gate", "state", "potential", "", "weight", "witnesses", "region"])
        for gate in gates {
            let values = GateValues(gate)
            table.add([
                "\(values.text("gate_id"))", values.state(paint), "\(values.signed("potential"))", "\(values.bar)",
                "\(values.decimals("weight"))", "\((gate["witnesses"]?.int).map { "\($0)" } ?? GateValues.absent)",
                "\(values.text("region"))",
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
