import NimmerCell

/// The math cell: answers requests, and emits a wave about what it understood of each.
public struct Calculator: Cell {
    public static let manifest = Manifest.math
    private let arithmetic = Arithmetic()

    public init(_ settings: Settings<NoOptions>) {}

    public mutating func perform(_ command: Command, _ pulse: inout Pulse) throws -> Answer {
        let understood = arithmetic.answer(Self.request(command))
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

    /// The payload states the operation, or else the command's name is one.
    private static func request(_ command: Command) -> JSON {
        guard command.payload["operation"] == nil, command.command != "*", var object = command.payload.object else {
            return command.payload
        }
        object["operation"] = .string(command.command)
        return .object(object)
    }
}
