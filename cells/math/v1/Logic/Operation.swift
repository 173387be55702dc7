import func Glibc.fmod
import func Glibc.log
import func Glibc.pow

/// An operation that the math cell knows, by the name under which a request asks for it.
public enum Operation: String, CaseIterable, Sendable {
    case addition, subtraction, multiplication, division, power, modulo
    case squareRoot = "square_root"
    case absolute, negation, logarithm, minimum, maximum, mean

    /// The operation that a word means, and whether the word is its proper name (rather than one of its other names).
    static func named(_ word: String) -> (operation: Operation, proper: Bool)? {
        if let exact = Operation(rawValue: word) { return (exact, true) }
        let plain = word.lowercased().split { $0 == " " || $0 == "-" }.joined(separator: "_")
        if let close = Operation(rawValue: plain) ?? others[plain] { return (close, false) }
        return nil
    }

    private static let others: [String: Operation] = [
        "+": .addition, "add": .addition, "plus": .addition, "sum": .addition,
        "-": .subtraction, "subtract": .subtraction, "minus": .subtraction, "difference": .subtraction,
        "*": .multiplication, "multiply": .multiplication, "times": .multiplication, "product": .multiplication,
        "/": .division, "divide": .division, "quotient": .division,
        "^": .power, "**": .power, "pow": .power, "exponentiation": .power,
        "%": .modulo, "mod": .modulo, "sqrt": .squareRoot, "abs": .absolute, "negate": .negation,
        "log": .logarithm, "ln": .logarithm, "min": .minimum, "max": .maximum, "average": .mean,
    ]

    /// Number of operands that it takes.
    var arity: ClosedRange<Int> {
        switch self {
        case .squareRoot, .absolute, .negation, .logarithm: 1...1
        case .power, .modulo: 2...2
        case .minimum, .maximum, .mean: 1...Arithmetic.maximumOperands
        case .addition, .subtraction, .multiplication, .division: 2...Arithmetic.maximumOperands
        }
    }

    /// The result, or why there is none. The operands are finite and as many as ``arity`` allows.
    func apply(_ operands: [Double]) -> Outcome {
        let first = operands[0]
        let rest = operands.dropFirst()
        switch self {
        case .addition: return .value(operands.reduce(0, +))
        case .subtraction: return .value(rest.reduce(first, -))
        case .multiplication: return .value(operands.reduce(1, *))
        case .division: return rest.contains(0) ? .undefined("division by zero") : .value(rest.reduce(first, /))
        case .power:
            if first == 0, operands[1] < 0 { return .undefined("zero to a negative power is a division by zero") }
            let value = pow(first, operands[1])
            return value.isNaN
                ? .undefined("a negative base has no real power with a fractional exponent") : .value(value)
        case .modulo:
            guard operands[1] != 0 else { return .undefined("modulo by zero") }
            let remainder = fmod(first, operands[1])
            return .value(remainder != 0 && (remainder < 0) != (operands[1] < 0) ? remainder + operands[1] : remainder)
        case .squareRoot:
            return first < 0 ? .undefined("a negative number has no real square root") : .value(first.squareRoot())
        case .absolute: return .value(abs(first))
        case .negation: return .value(0 - first)
        case .logarithm:
            return first <= 0 ? .undefined("only a positive number has a logarithm") : .value(log(first))
        case .minimum: return .value(rest.reduce(first, min))
        case .maximum: return .value(rest.reduce(first, max))
        case .mean: return .value(operands.reduce(0) { $0 + $1 / Double(operands.count) })
        }
    }

    /// Result of an operation.
    enum Outcome {
        case value(Double)
        case undefined(String)
    }
}
