import NimmerSystem
import NimmerSystemFile
import NimmerThalamus
import NimmerWave
import Testing

/// Permission to verify (trust.md, Who verifies).
@Suite("Senders that verify") struct VerifiersTests {
    private static let verifiers = Verifiers(
        try! SystemFile(
            parsing: Array(
                """
                nimmerverse: 1
                name: verifiers
                cells:
                  - {name: flow, command: [flow], settings: {region: plant}}
                  - {name: gateway, command: [gateway], origins: ["vm-*"], verifies: [plant]}
                nerves:
                  - {name: watcher, command: [watcher], verifies: [plant]}
                """.utf8), file: "verifiers.yaml"))

    private static func opening(_ witnesses: [(source: String, origin: String, polarity: Int)]) throws -> GateTransition
    {
        let region = try Region("plant")
        let at = Timestamp(milliseconds: 0)
        var opening = GateTransition(
            gateID: GateID(region: region), domain: try Token("plant"), region: region, fromState: .stable,
            toState: .open, stateValue: 1, weight: 0.5, at: at)
        opening.triggerSignals = try witnesses.map { witness in
            TriggerSignal(
                source: witness.source, origin: try Token(witness.origin), confidence: 0.9, polarity: witness.polarity,
                timestamp: at, push: 0)
        }
        return opening
    }

    @Test(
        "a cell or nerve does not judge an opening of which it is a witness, under its own name or another; a person judges every one"
    )
    func own() throws {
        func refusal(_ sender: String?, _ witnesses: [(source: String, origin: String, polarity: Int)]) throws
            -> String?
        {
            do {
                try Self.verifiers.check(sender.map { try! Token($0) }, judging: Self.opening(witnesses))
                return nil
            } catch { return "\(error)" }
        }
        #expect(try refusal("watcher", [("flow", "flow", 1)]) == nil)
        #expect(try refusal("watcher", [("flow", "flow", 1), ("watcher", "watcher", 1)])?.contains("watcher") == true)
        #expect(try refusal("watcher", [("gateway", "watcher", 1)]) != nil, "by its origin")
        #expect(try refusal("gateway", [("gateway", "vm-1", 1)])?.contains("spoke as 'vm-1'") == true)
        #expect(try refusal("watcher", [("flow", "flow", 1), ("watcher", "watcher", -1)]) != nil, "it denied")
        for person in ["operator", nil] { #expect(try refusal(person, [("operator", "operator", 1)]) == nil) }
        #expect(try refusal("thalamus", [("flow", "flow", 1)]) == nil)
    }
}
