import Testing

@testable import NimmerWave

@Suite("The list of gates")
struct GateListTests {
    private func gates(_ number: Int) -> [JSON] {
        (0..<number).map { ["gate_id": .string("gate-\($0)"), "region": .string(String(repeating: "r", count: 200))] }
    }

    @Test func aShortOneIsAnArray() throws {
        let list = GateList(gates(3))
        #expect(list.json == .array(gates(3)) && list.leftOut == 0)
        #expect(GateList(list.json) == list)
    }

    @Test func aLongOneFitsIntoAMessageAndSaysHowManyAreMissing() throws {
        let list = GateList(gates(1000), leftOut: 5)
        #expect(list.gates == Array(gates(1000).prefix(list.gates.count)))
        #expect(list.gates.count + list.leftOut == 1005 && list.leftOut > 5)
        let source = Source(entityID: "thalamus", entityType: .thalamus)
        let message = Envelope(id: .v7(), at: .now(), from: source, CommandResult(status: .ok, result: list.json))
        let read = try Envelope<CommandResult>(answer: message.encoded())
        #expect(GateList(read.body.result) == list)
    }

    @Test func whatIsNoListIsNone() { #expect(GateList("x") == nil && GateList(["a": 1]) == nil) }
}
