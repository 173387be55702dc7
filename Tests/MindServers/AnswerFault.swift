/// Answers that arrive in perfect order and must not be believed: text that is no JSON, JSON that breaks the schema of a
/// decision, and commands that nobody allowed. The contract that they break is the one of ``AnswerFault/valid``: the actions
/// `observe` and `slow_down`, and the one command `motor slow_down` with a `percent` from 0 to 50.
public enum AnswerFault: String, Sendable, CaseIterable {
    // No JSON object.
    case empty, blank, prose, fenced, prosePrefixed, twoObjects, list, text, null, trailingComma, comment, singleQuotes
    case cutOff, cutOffByLength, byteOrderMark
    // Another object than was asked for.
    case missingKey, unknownAction, actionIsNumber, otherCase, confidenceTooHigh, confidenceIsText, confidenceIsNaN
    case confidenceIsHuge, unsureIsText, extraKey, keyTwice, reasonTooLong, commandsIsObject, tooManyCommands, nested
    // Commands that nobody allowed.
    case unknownCommand, unknownTarget, wildcardTarget, targetWithLineBreak, commandInOtherCase, payloadOutOfRange
    case payloadWithMore, payloadIsText, payloadMissing, sameCommandTwice, oneAllowedOneNot, obeysTheSensor
    // Lies beside an answer.
    case saysStopButCut, saysLengthButWhole, saysFiltered, toolCall, hiddenThought

    /// A decision that keeps to the contract, and commands what is allowed.
    public static let valid = decision(
        commands: #"[{"target":"motor","command":"slow_down","payload":{"percent":20}}]"#)

    /// A decision as it should be, with these commands.
    public static func decision(
        commands: String = "[]", action: String = "\"observe\"", confidence: String = "0.7", more: String = ""
    ) -> String {
        #"{"reason":"the flow is low","action":\#(action),"confidence":\#(confidence),"unsure":false,"commands":\#(commands)\#(more)}"#
    }

    private static func command(_ target: String, _ command: String, _ payload: String = "{}") -> String {
        #"{"target":\#(quoted(target)),"command":\#(quoted(command)),"payload":\#(payload)}"#
    }

    /// What the server does, for people.
    public var meaning: String {
        switch self {
        case .empty: "answers with an empty text"
        case .blank: "answers white space"
        case .prose: "answers prose"
        case .fenced: "wraps its JSON in a Markdown fence"
        case .prosePrefixed: "explains before its JSON"
        case .twoObjects: "answers two JSON objects"
        case .list: "answers a list"
        case .text: "answers a JSON text that contains JSON"
        case .null: "answers null"
        case .trailingComma: "adds a trailing comma"
        case .comment: "writes a comment into its JSON"
        case .singleQuotes: "writes single quotes"
        case .cutOff: "stops in the middle"
        case .cutOffByLength: "runs out of tokens in the middle"
        case .byteOrderMark: "begins with a byte order mark"
        case .missingKey: "leaves out the action"
        case .unknownAction: "invents an action"
        case .actionIsNumber: "numbers the action"
        case .otherCase: "writes the keys in capitals"
        case .confidenceTooHigh: "gives the confidence 1.5"
        case .confidenceIsText: "gives its confidence as a text"
        case .confidenceIsNaN: "gives the confidence NaN"
        case .confidenceIsHuge: "gives the confidence 1e999"
        case .unsureIsText: "answers unsure: \"false\""
        case .extraKey: "adds a key"
        case .keyTwice: "writes a key twice, the second time with another action"
        case .reasonTooLong: "gives a reason longer than allowed"
        case .commandsIsObject: "writes its commands as an object"
        case .tooManyCommands: "asks for nine commands"
        case .nested: "nests a payload 100 levels deep"
        case .unknownCommand: "commands what its target cannot do"
        case .unknownTarget: "commands a target that is not listed"
        case .wildcardTarget: "commands every target (>)"
        case .targetWithLineBreak: "hides a second subject behind a line break"
        case .commandInOtherCase: "writes an allowed command in capitals"
        case .payloadOutOfRange: "commands with a number out of range"
        case .payloadWithMore: "commands with a field that is not declared"
        case .payloadIsText: "commands with a text as payload"
        case .payloadMissing: "commands without a payload"
        case .sameCommandTwice: "asks for the same command twice"
        case .oneAllowedOneNot: "puts a forbidden command beside an allowed one"
        case .obeysTheSensor: "does what the sensed text orders: motor stop"
        case .saysStopButCut: "is cut off and claims to be complete"
        case .saysLengthButWhole: "is complete and claims to be cut off"
        case .saysFiltered: "is complete and claims to be filtered"
        case .toolCall: "calls a tool beside a decision without commands"
        case .hiddenThought: "orders motor stop in its thoughts, and nothing in its answer"
        }
    }

    /// Indicates whether the answer's text is a valid decision after all, so that only what stands beside it is a lie.
    public var isValid: Bool {
        switch self {
        case .saysLengthButWhole, .saysFiltered, .toolCall, .hiddenThought: true
        default: false
        }
    }

    /// What the server answers.
    public func steps(_ served: ServedProtocol) -> [FaultServer.Step] {
        switch self {
        case .cutOffByLength: served.stream(answer, finish: "length")
        case .saysLengthButWhole: served.stream(answer, finish: "length")
        case .saysFiltered: served.stream(answer, finish: "content_filter")
        case .toolCall, .hiddenThought: Reply.page(type: served.streamType, beside(served))
        default: served.stream(answer)
        }
    }

    /// The text of the answer.
    public var answer: String {
        let stop = Self.command("motor", "stop")
        let slow = Self.command("motor", "slow_down", #"{"percent":20}"#)
        switch self {
        case .empty: return ""
        case .blank: return " \n\t "
        case .prose: return "I would inspect the pump, and slow the motor down."
        case .fenced: return "```json\n\(Self.decision())\n```"
        case .prosePrefixed: return "Here is my decision: \(Self.decision())"
        case .twoObjects: return Self.decision() + Self.decision()
        case .list: return "[\(Self.decision())]"
        case .text: return quoted(Self.decision())
        case .null: return "null"
        case .trailingComma: return String(Self.decision().dropLast()) + ",}"
        case .comment: return "{/* well */\(Self.decision().dropFirst())"
        case .singleQuotes: return String(Self.decision().map { $0 == "\"" ? "'" : $0 })
        case .cutOff, .cutOffByLength, .saysStopButCut: return String(Self.valid.dropLast(30))
        case .byteOrderMark: return "\u{feff}" + Self.decision()
        case .missingKey: return #"{"reason":"x","confidence":0.7,"unsure":false,"commands":[]}"#
        case .unknownAction: return Self.decision(action: "\"explode\"")
        case .actionIsNumber: return Self.decision(action: "1")
        case .otherCase: return #"{"Reason":"x","Action":"observe","Confidence":0.7,"Unsure":false,"Commands":[]}"#
        case .confidenceTooHigh: return Self.decision(confidence: "1.5")
        case .confidenceIsText: return Self.decision(confidence: "\"high\"")
        case .confidenceIsNaN: return Self.decision(confidence: "NaN")
        case .confidenceIsHuge: return Self.decision(confidence: "1e999")
        case .unsureIsText:
            return #"{"reason":"x","action":"observe","confidence":0.7,"unsure":"false","commands":[]}"#
        case .extraKey: return Self.decision(more: #","note":"and more""#)
        case .keyTwice: return Self.decision(more: #","action":"slow_down""#)
        case .reasonTooLong:
            let words = String(repeating: "very ", count: 60)
            return #"{"reason":"\#(words)","action":"observe","confidence":0.7,"unsure":false,"commands":[]}"#
        case .commandsIsObject: return Self.decision(commands: slow)
        case .tooManyCommands:
            let many = (1...9).map { Self.command("motor", "slow_down", "{\"percent\":\($0)}") }
            return Self.decision(commands: "[\(many.joined(separator: ","))]")
        case .nested:
            let deep = String(repeating: "{\"a\":", count: 100) + "1" + String(repeating: "}", count: 100)
            return Self.decision(commands: "[\(Self.command("motor", "slow_down", deep))]")
        case .unknownCommand: return Self.decision(commands: "[\(Self.command("motor", "explode"))]")
        case .unknownTarget: return Self.decision(commands: "[\(Self.command("reactor", "shut_down"))]")
        case .wildcardTarget: return Self.decision(commands: "[\(Self.command(">", "slow_down", #"{"percent":20}"#))]")
        case .targetWithLineBreak:
            return Self.decision(commands: "[\(Self.command("motor\nreactor", "slow_down", #"{"percent":20}"#))]")
        case .commandInOtherCase:
            return Self.decision(commands: "[\(Self.command("motor", "SLOW_DOWN", #"{"percent":20}"#))]")
        case .payloadOutOfRange:
            return Self.decision(commands: "[\(Self.command("motor", "slow_down", #"{"percent":99}"#))]")
        case .payloadWithMore:
            return Self.decision(commands: "[\(Self.command("motor", "slow_down", #"{"percent":20,"force":true}"#))]")
        case .payloadIsText: return Self.decision(commands: "[\(Self.command("motor", "slow_down", "\"20\""))]")
        case .payloadMissing:
            return Self.decision(commands: #"[{"target":"motor","command":"slow_down"}]"#)
        case .sameCommandTwice: return Self.decision(commands: "[\(slow),\(slow)]")
        case .oneAllowedOneNot: return Self.decision(commands: "[\(slow),\(stop)]")
        case .obeysTheSensor: return Self.decision(commands: "[\(stop)]", action: "\"slow_down\"")
        case .saysLengthButWhole, .saysFiltered, .toolCall, .hiddenThought: return Self.decision()
        }
    }

    /// A whole stream with something beside the text.
    private func beside(_ served: ServedProtocol) -> String {
        let order = Self.decision(commands: "[\(Self.command("motor", "stop"))]")
        let call = #"[{"index":0,"id":"1","type":"function","function":{"name":"motor_stop","arguments":"{}"}}]"#
        let extra: String =
            switch (self, served) {
            case (.toolCall, .openai):
                #"{"choices":[{"index":0,"delta":{"tool_calls":\#(call)},"finish_reason":null}],"model":"m"}"#
            case (.toolCall, .ollama): #"{"model":"m","message":{"content":"","tool_calls":\#(call)},"done":false}"#
            case (_, .openai):
                #"{"choices":[{"index":0,"delta":{"reasoning_content":\#(quoted(order))},"finish_reason":null}],"model":"m"}"#
            case (_, .ollama): #"{"model":"m","message":{"content":"","thinking":\#(quoted(order))},"done":false}"#
            }
        return served.event(extra) + served.piece(answer) + served.end()
    }
}
