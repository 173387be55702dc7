import NimmerCell

/// The math cell: answers requests, and emits a wave about what it understood of each.
public struct Calculator: Cell {
    public static let manifest = Manifest.math
    private let arithmetic = Arithmetic()

    public init(_ settings: Settings) {}

    public mutating func perform(_ command: Command, _ pulse: inout Pulse) throws -> Answer {
        let understood = arithmetic.answer(command.payload)
        if understood.confidence > 0 {
            pulse.emit(
                confidence: understood.confidence, understood.content, cost: Self.manifest.cost("calculate"),
                correlationID: command.cause.flatMap { $0.utf8.count <= 64 ? $0 : nil })
        }
        switch understood.result {
        case .success(let value):
            return .done(["operation": .string(understood.operation ?? ""), "result": .number(value)])
        case .failure(let refusal): return .refused(refusal.description)
        }
    }
}
