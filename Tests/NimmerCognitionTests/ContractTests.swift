import NimmerCognition
import NimmerSystem
import NimmerWave
import Seeds
import Testing

@Suite("What a mind may answer")
struct ContractTests {
    private let contract = DecisionContract(
        Sample.request("a"), catalogue: CommandCatalogue(allow: [Sample.stop, Sample.turn]))

    private func problems(_ text: String) -> [String] {
        if case .invalid(let problems) = contract.check(Array(text.utf8)) { problems } else { [] }
    }

    private static let head = #""reason": "r", "action": "inspect", "confidence": 0.5, "unsure": false"#

    @Test("an answer that keeps to the schema is a decision")
    func valid() throws {
        let text = """
             {"reason": "pressure falls", "action": "inspect", "confidence": 0.5, "unsure": false, "commands": [
             {"target": "motor", "command": "turn", "payload": {"angle": -12.5, "gear": "low", "wheels": [1, 4]}},
             {"target": "motor", "command": "stop", "payload": {}}]}
            """
        guard case .valid(let decision) = contract.check(Array(text.utf8)) else {
            Issue.record("\(contract.check(Array(text.utf8)))")
            return
        }
        #expect(decision.action == "inspect" && decision.confidence == 0.5 && !decision.isUnsure)
        #expect(decision.commands.map(\.command) == ["turn", "stop"])
        #expect(decision.commands[0].payload["angle"]?.double == -12.5)
    }

    @Test(
        "everything else is invalid, and says why",
        arguments: [
            ("", "one JSON object and nothing else"),
            ("I would inspect the pump.", "one JSON object and nothing else"),
            ("```json\n{\(head), \"commands\": []}\n```", "one JSON object and nothing else"),
            ("{\(head), \"commands\": []} trailing", "one JSON object and nothing else"),
            ("{\(head), \"commands\": [", "one JSON object and nothing else"),
            ("[]", "the answer must be an object"),
            ("{\(head)}", "commands is missing"),
            ("{\(head), \"commands\": {}}", "commands must be a list"),
            ("{\(head), \"commands\": [], \"sudo\": true}", "sudo is not known"),
            ("{\(head), \"commands\": [], \"action\": \"wait\"}", "action appears twice"),
            (
                #"{"reason": "r", "action": "destroy", "confidence": 0.5, "unsure": false, "commands": []}"#,
                #"action must be one of "wait", "inspect", "observe"; found "destroy""#
            ),
            (
                #"{"reason": "r", "action": "wait", "confidence": 1.5, "unsure": false, "commands": []}"#,
                "confidence must be at most 1"
            ),
            (
                #"{"reason": "r", "action": "wait", "confidence": "high", "unsure": false, "commands": []}"#,
                "confidence must be a finite number"
            ),
            (
                #"{"reason": "r", "action": "wait", "confidence": 0.5, "unsure": "no", "commands": []}"#,
                "unsure must be true or false"
            ),
            (
                #"{"reason": null, "action": "wait", "confidence": 0.5, "unsure": false, "commands": []}"#,
                "reason must be a text"
            ),
            (
                #"{"reason": "\#(String(repeating: "a", count: 241))", "action": "wait", "confidence": 0.5, "#
                    + #""unsure": false, "commands": []}"#, "reason must be at most 240 characters"
            ),
            (
                "{\(head), \"commands\": [{\"target\": \"motor\", \"command\": \"explode\", \"payload\": {}}]}",
                "command must be"
            ),
            (
                "{\(head), \"commands\": [{\"target\": \"bank\", \"command\": \"stop\", \"payload\": {}}]}",
                "target must be"
            ),
            (
                "{\(head), \"commands\": [{\"target\": \"motor\", \"command\": \"stop\", \"payload\": {\"force\": 1}}]}",
                "force is not known"
            ),
            (
                "{\(head), \"commands\": [{\"target\": \"motor\", \"command\": \"turn\", \"payload\": {\"angle\": 91}}]}",
                "angle must be at most 90"
            ),
            (
                "{\(head), \"commands\": [{\"target\": \"motor\", \"command\": \"turn\", \"payload\": {}}]}",
                "angle is missing"
            ),
            (
                "{\(head), \"commands\": [{\"target\": \"motor\", \"command\": \"turn\", "
                    + "\"payload\": {\"angle\": 1, \"wheels\": [1, 2, 3, 4, 1]}}]}",
                "a list of at most 4"
            ),
            (
                "{\(head), \"commands\": [{\"target\": \"motor\", \"command\": \"turn\", "
                    + "\"payload\": {\"angle\": 1, \"wheels\": [1.5]}}]}",
                "must be a whole number"
            ),
            (
                "{\(head), \"commands\": [\(Array(repeating: #"{"target": "motor", "command": "stop", "payload": {}}"#, count: 2).joined(separator: ","))]}",
                "repeats an earlier command"
            ),
            (
                "{\(head), \"commands\": [\(Array(repeating: #"{"target": "motor", "command": "stop", "payload": {}}"#, count: 9).joined(separator: ","))]}",
                "a list of at most 8"
            ),
            ("{\(head), \"commands\": \(String(repeating: "[", count: 100))", "nested deeper"),
        ])
    func invalid(_ text: String, _ expected: String) {
        let found = problems(text)
        #expect(found.contains { $0.contains(expected) }, "\(found)")
        #expect(found.count <= SchemaCheck.namedProblems)
    }

    @Test("no bytes harm the check")
    func bytes() {
        var random = Seeded(3)
        let good = Array(
            "{\(Self.head), \"commands\": [{\"target\": \"motor\", \"command\": \"stop\", \"payload\": {}}]}".utf8)
        for _ in 0..<5000 {
            var text = good
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                text[Int.random(in: 0..<text.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard case .valid(let decision) = contract.check(text) else { continue }
            #expect(contract.actions.contains(decision.action))
            #expect(decision.commands.allSatisfy { contract.catalogue.problems(of: $0).isEmpty })
        }
    }

    @Test("without allowed commands an answer has none")
    func noCommands() {
        let bare = DecisionContract(Sample.request("a"), catalogue: CommandCatalogue())
        #expect(bare.schema["properties"]?["commands"] == nil)
        let text = "{\(Self.head), \"commands\": []}"
        guard case .invalid(let problems) = bare.check(Array(text.utf8)) else {
            Issue.record("refused")
            return
        }
        #expect(problems == ["commands is not known; expected only reason, action, confidence, unsure, false_alarm"])
    }

    @Test(
        "of an opening false_alarm is asked for, as servers that are strict demand, and may be left out; elsewhere neither"
    )
    func falseAlarm() throws {
        func required(_ contract: DecisionContract) -> [String?] {
            contract.schema["required"]?.array?.map(\.string) ?? []
        }
        func text(_ request: CognitiveRequest, _ contract: DecisionContract) -> String {
            let prompt = Prompt(request, contract: contract, maximumBytes: 8_192, at: Sample.now)
            return prompt.system + prompt.user
        }
        let properties = contract.schema["properties"]?.object?.members.map(\.key)
        #expect(properties == required(contract) && properties?.contains("false_alarm") == true)
        #expect(text(Sample.request("a"), contract).contains("false_alarm"))
        let head = "{\(Self.head), \"commands\": []"
        guard case .valid(let stated) = contract.check(Array("\(head), \"false_alarm\": true}".utf8)),
            case .valid(let silent) = contract.check(Array("\(head)}".utf8))
        else { Issue.record("refused"); return }
        #expect(stated.isFalseAlarm && !silent.isFalseAlarm)
        var asked = Sample.request("a")
        asked.structuredInput = ["question": "is it warm?"]
        let other = DecisionContract(asked, catalogue: CommandCatalogue())
        #expect(required(other) == ["reason", "action", "confidence", "unsure"])
        #expect(!text(asked, other).contains("false_alarm"))
        guard case .invalid = other.check(Array("{\(Self.head), \"false_alarm\": true}".utf8)) else {
            Issue.record("accepted")
            return
        }
    }

    @Test("the check knows every word of the schemas that it is given, and uses none that it does not know")
    func keywords() {
        #expect(SchemaCheck.unknownKeyword(in: contract.schema) == nil)
        let strange: JSON = ["type": "object", "properties": ["a": ["type": "string", "pattern": "^x$"]]]
        #expect(SchemaCheck.unknownKeyword(in: strange) == "pattern")
        let declared = [CommandCatalogue.Declaration(name: "go", payload: strange)]
        let catalogue = CommandCatalogue(
            allow: [.init(target: "robot", command: "go")], declared: ["robot": declared])
        #expect(catalogue.entries.isEmpty && catalogue.unusable.first?.contains("pattern") == true)
    }

    @Test("a command needs a place in the list and a declaration")
    func catalogue() throws {
        let info: JSON = [
            "endpoints": [
                [
                    "name": "request",
                    "metadata": [
                        "stop": "Ends what runs.", "*": "What run names.", "turn": "Turns.",
                        "payload:turn":
                            #"{"type": "object", "properties": {"angle": {"type": "number"}}, "required": ["angle"]}"#,
                    ],
                ]
            ]
        ]
        let declared = ["motor": CommandCatalogue.Declaration.declared(info: info)]
        let all = CommandCatalogue(allow: [.init(target: "motor")], declared: declared)
        #expect(all.entries.map(\.command) == ["stop", "turn"])
        #expect(all.problems(of: DownstreamCommand(target: "motor", command: "turn", payload: ["angle": 4])).isEmpty)
        #expect(!all.problems(of: DownstreamCommand(target: "motor", command: "stop", payload: ["x": 4])).isEmpty)
        #expect(!all.problems(of: DownstreamCommand(target: "motor", command: "dance")).isEmpty)
        let one = CommandCatalogue(allow: [.init(target: "motor", command: "stop")], declared: declared)
        #expect(one.entries.map(\.command) == ["stop"])
        let away = CommandCatalogue(allow: [.init(target: "motor", command: "stop"), .init(target: "arm")])
        #expect(away.entries.isEmpty && away.unusable.count == 2)
        let named = CommandCatalogue(allow: [.init(target: "motor", command: "dance")], declared: declared)
        #expect(named.entries.isEmpty && named.unusable[0].contains("declares no such command"))
    }
}
