import NimmerCognition
import NimmerSystem
import NimmerWave

/// Requests and settings that the tests of this target share.
enum Sample {
    static let now = Timestamp(milliseconds: 1_771_093_800_000)

    static func request(
        _ name: String, region: String = "plant", confidence: Double = 0.8, expiresIn milliseconds: Double = 60_000,
        budget: Double = 10, content: JSON = ["pressure": 3.5], at moment: Timestamp = now, reflex: Bool = false
    ) -> CognitiveRequest {
        var input: JSONObject = [
            "region": .string(region), "gate": .string(region.replacing(".", with: "--")),
            "opened_at": .string(moment.rfc3339),
            "confidence": .number(confidence),
            "witnesses": [
                [
                    "source": .string("cell-\(name)"), "origin": "a", "confidence": .number(confidence), "age_ms": 250,
                    "content": content,
                ]
            ],
        ]
        if reflex { input["reflex"] = true }
        guard let domain = try? Token("plant") else { preconditionFailure("'plant' is a token") }
        return CognitiveRequest(
            requestID: .named(name), collapseID: .named("c-\(name)"), eventType: "pump_anomaly", domain: domain,
            confidence: confidence, structuredInput: .object(input),
            suggestedActions: [
                SuggestedAction(action: "wait", confidence: 0.2), SuggestedAction(action: "inspect", confidence: 0.7),
            ], processingBudgetLF: budget, responseTimeoutMilliseconds: 15_000,
            expiresAt: moment.advanced(milliseconds: milliseconds))
    }

    static func mind(_ name: String = "small", _ change: (inout MindSettings) -> Void = { _ in }) -> MindSettings {
        var mind = MindSettings(name: name, kind: .openai, url: "http://127.0.0.1:1", model: "m-\(name)")
        change(&mind)
        return mind
    }

    static func bridge(_ minds: [MindSettings], _ change: (inout BridgeSettings) -> Void = { _ in }) -> BridgeSettings {
        var settings = BridgeSettings()
        settings.minds = minds
        change(&settings)
        return settings
    }

    static func valid(
        _ action: String = "inspect", confidence: Double = 0.9, unsure: Bool = false,
        commands: [DownstreamCommand] = [], tokens: Int = 100
    ) -> AskOutcome {
        .answered(
            .valid(
                Decision(
                    action: action, reason: "because", confidence: confidence, isUnsure: unsure, commands: commands)),
            Usage(promptTokens: tokens - 20, completionTokens: 20, milliseconds: 500), model: "m", refused: "")
    }

    static let invalid = AskOutcome.answered(
        .invalid(["action must be one of \"wait\", \"inspect\""]),
        Usage(promptTokens: 80, completionTokens: 20, milliseconds: 500), model: "m", refused: "nonsense")

    static func failed(_ code: MindError.Code = .unreachable, retryAfter: Int? = nil) -> AskOutcome {
        .failed(MindError(code, "no", retryAfterMilliseconds: retryAfter), Usage(promptTokens: 0, completionTokens: 0))
    }

    static let stop = BridgeSettings.Allowed(target: "motor", command: "stop", payload: [])
    static let turn = BridgeSettings.Allowed(
        target: "motor", command: "turn",
        payload: [
            .required("angle", .number(-90...90), "degrees"), .optional("gear", .word(["low", "high"]), ""),
            .optional("wheels", .list(.whole(1...4), 4), ""), .optional("note", .text(8), ""),
        ])
}

extension SchedulerAction {
    var response: CognitiveResponse? { if case .respond(let response, _) = self { response } else { nil } }
    var ask: Ask? { if case .ask(let ask) = self { ask } else { nil } }
}
