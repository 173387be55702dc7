import NimmerWave
import Testing

@testable import MathCell

@Suite("math: understanding a request")
struct MathTests {
    let arithmetic = Arithmetic()

    private func ask(_ operation: String, _ operands: Double...) -> Arithmetic.Understanding {
        arithmetic.answer(["operation": .string(operation), "operands": .array(operands.map { .number($0) })])
    }

    @Test(
        "each operation calculates",
        arguments: [
            ("addition", [15, 27], 42), ("addition", [1, 2, 3], 6), ("subtraction", [10, 3, 2], 5),
            ("multiplication", [6, 7], 42), ("division", [84, 2], 42), ("power", [2, 10], 1024),
            ("square_root", [1764], 42), ("modulo", [7, 3], 1), ("modulo", [-7, 3], 2), ("modulo", [7, -3], -2),
            ("absolute", [-3], 3), ("negation", [4], -4), ("logarithm", [1], 0), ("minimum", [3, 1, 2], 1),
            ("maximum", [3, 1, 2], 3), ("mean", [1, 2, 6], 3),
        ] as [(String, [Double], Double)])
    func calculates(operation: String, operands: [Double], expected: Double) throws {
        let answer = arithmetic.answer([
            "operation": .string(operation), "operands": .array(operands.map { .number($0) }),
        ])
        #expect(try abs(answer.result.get() - expected) < 1e-12)
        #expect(answer.confidence == 0.95)
        #expect(answer.operation == operation)
    }

    @Test("another name of an operation is understood, a little less surely")
    func otherNames() throws {
        let answer = ask("+", 1, 2)
        #expect(try answer.result.get() == 3)
        #expect(answer.operation == "addition")
        #expect(answer.confidence == 0.85)
        #expect(try ask("Square Root", 9).result.get() == 3)
    }

    @Test("an unknown operation is refused with the known ones, and nothing was understood")
    func unknown() {
        let answer = ask("frobnicate", 1, 2)
        #expect(answer.confidence == 0)
        guard case .failure(let refusal) = answer.result else {
            Issue.record("expected a refusal")
            return
        }
        #expect(refusal.field == "operation")
        #expect(refusal.description.contains("addition, subtraction"))
        #expect(refusal.description.contains("'frobnicate'"))
    }

    @Test(
        "what has no result is refused with the reason",
        arguments: [
            (#"{"operation":"division","operands":[1,0]}"#, "division by zero"),
            (#"{"operation":"modulo","operands":[1,0]}"#, "modulo by zero"),
            (#"{"operation":"square_root","operands":[-1]}"#, "a negative number has no real square root"),
            (#"{"operation":"power","operands":[0,-1]}"#, "zero to a negative power is a division by zero"),
            (
                #"{"operation":"power","operands":[-8,0.5]}"#,
                "a negative base has no real power with a fractional exponent"
            ),
            (#"{"operation":"power","operands":[10,400]}"#, "the result of power is too large for a double"),
            (#"{"operation":"addition","operands":[1]}"#, "addition takes 2 to 1000 operands; found 1"),
            (#"{"operation":"square_root","operands":[1,2]}"#, "square_root takes exactly 1 operand; found 2"),
            (#"{"operation":"addition","operands":[1,"2"]}"#, "operands[1] must be a number; found a text"),
            (#"{"operation":"addition","operands":7}"#, "operands must be a list of numbers; found a number"),
            (#"{"operation":"addition"}"#, "operands is missing"),
            (#"{"operands":[1,2]}"#, "operation is missing"),
            (#"{"operation":5,"operands":[1,2]}"#, "operation must be a text; found a number"),
        ])
    func refuses(request: String, reason: String) throws {
        let answer = arithmetic.answer(try JSON(parsing: request))
        guard case .failure(let refusal) = answer.result else {
            Issue.record("expected a refusal of \(request)")
            return
        }
        #expect(refusal.description == reason)
        #expect(answer.content["error"]?.string == reason)
    }

    @Test("an infinite operand is refused by its place")
    func nonFinite() {
        guard case .failure(let refusal) = ask("addition", 1, .infinity).result else {
            Issue.record("expected a refusal")
            return
        }
        #expect(refusal.field == "operands[1]")
    }

    @Test("the wave's content holds what was understood")
    func content() {
        #expect(
            ask("addition", 15, 27).content.text == #"{"operation":"addition","operands":[15,27],"result":42}"#)
    }
}
