import NimmerWave

/// Logic of the math cell: understands a request, calculates, and judges how sure it is that it understood.
///
/// A value without clock or bus; the process around it turns an ``Understanding`` into an answer and a wave.
public struct Arithmetic: Sendable {
    /// The most operands that one request may hold.
    public static let maximumOperands = 1000
    /// Lifeforce spent on one request, in LF.
    public static let cost = 0.1

    /// A calculator.
    public init() {}

    /// Understanding of a request.
    public struct Understanding: Sendable, Hashable {
        /// Confidence that it understood, 0…1: 0.95 for a proper name with fitting operands, 0.85 for another name
        /// of an operation, 0.4 when the operation is known but its operands do not fit, 0 when nothing was understood.
        public var confidence: Double
        /// The proper name of the operation; nil when it is not known.
        public var operation: String?
        /// The operands that could be read.
        public var operands: [Double]
        /// The result, or why there is none.
        public var result: Result<Double, Refusal>

        /// The wave's content: operation, operands, and the result or the error.
        public var content: JSON {
            var object: JSONObject = [:]
            object["operation"] = operation.map { .string($0) }
            object["operands"] = .array(operands.map { .number($0) })
            switch result {
            case .success(let value): object["result"] = .number(value)
            case .failure(let refusal): object["error"] = .string(refusal.description)
            }
            return .object(object)
        }
    }

    /// Understands and calculates `{"operation": "addition", "operands": [15, 27]}`.
    public func answer(_ request: JSON) -> Understanding {
        let word: String
        let operation: Operation
        let proper: Bool
        do throws(Refusal) {
            word = try Self.operationName(request)
            guard let known = Operation.named(word) else {
                let names = Operation.allCases.map(\.rawValue).joined(separator: ", ")
                throw Refusal(
                    .value, field: "operation", "operation must be one of \(names)", found: "'\(word.prefix(80))'")
            }
            (operation, proper) = known
        } catch {
            return Understanding(confidence: 0, operation: nil, operands: [], result: .failure(error))
        }
        do throws(Refusal) {
            let operands = try Self.operands(request, of: operation)
            let confidence = proper ? 0.95 : 0.85
            switch operation.apply(operands) {
            case .value(let value) where value.isFinite:
                return Understanding(
                    confidence: confidence, operation: operation.rawValue, operands: operands, result: .success(value))
            case .value:
                let refusal = Refusal(.limit, "the result of \(operation.rawValue) is too large for a double")
                return Understanding(
                    confidence: confidence, operation: operation.rawValue, operands: operands, result: .failure(refusal)
                )
            case .undefined(let reason):
                return Understanding(
                    confidence: confidence, operation: operation.rawValue, operands: operands,
                    result: .failure(Refusal(.value, field: "operands", reason)))
            }
        } catch {
            return Understanding(confidence: 0.4, operation: operation.rawValue, operands: [], result: .failure(error))
        }
    }

    private static func operationName(_ request: JSON) throws(Refusal) -> String {
        guard let object = request.object else {
            throw Refusal(
                .value, #"expected an object such as {"operation": "addition", "operands": [15, 27]}"#,
                found: request.kind)
        }
        guard let value = object["operation"] else {
            throw Refusal(.missing, field: "operation", "operation is missing")
        }
        guard let word = value.string else {
            throw Refusal(.value, field: "operation", "operation must be a text", found: value.kind)
        }
        return word
    }

    private static func operands(_ request: JSON, of operation: Operation) throws(Refusal) -> [Double] {
        guard let value = request["operands"] else {
            throw Refusal(.missing, field: "operands", "operands is missing")
        }
        guard let list = value.array else {
            throw Refusal(.value, field: "operands", "operands must be a list of numbers", found: value.kind)
        }
        let arity = operation.arity
        guard arity.contains(list.count) else {
            let expected =
                arity.lowerBound == arity.upperBound
                ? "exactly \(arity.lowerBound)" : "\(arity.lowerBound) to \(arity.upperBound)"
            let noun = arity.upperBound == 1 ? "operand" : "operands"
            throw Refusal(
                .value, field: "operands", "\(operation.rawValue) takes \(expected) \(noun)", found: "\(list.count)")
        }
        var numbers: [Double] = []
        for (index, item) in list.enumerated() {
            guard let number = item.double else {
                throw Refusal(
                    .value, field: "operands[\(index)]", "operands[\(index)] must be a number", found: item.kind)
            }
            guard number.isFinite else {
                throw Refusal(
                    .value, field: "operands[\(index)]", "operands[\(index)] must be finite", found: "\(number)")
            }
            numbers.append(number)
        }
        return numbers
    }
}
