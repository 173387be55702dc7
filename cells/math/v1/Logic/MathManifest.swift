import NimmerCell

extension Manifest {
    /// The math cell.
    public static let math = Manifest(
        name: "math", version: "1.0.0", summary: "Calculates, and emits how sure it is that it understood.",
        costs: ["calculate": Arithmetic.cost],
        commands: [
            ("*", #"An operation, or anything with the payload {"operation": "addition", "operands": [15, 27]}."#)
        ],
        payloads: [
            "*": [
                .required("operation", .word(Operation.allCases.map(\.rawValue)), "what to calculate"),
                .required("operands", .list(.finite, 16), "numbers"),
            ]
        ])
}
