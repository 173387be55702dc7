import NimmerWave

/// The boundary without a mind: maps a collapse to typed JSON by rule, always the same for the same request
/// (architecture.md, rule 5: "No model: deterministic boundary").
///
/// It decides for the most apt of the suggested actions and names the event; it asks for no command, since nobody judged.
public enum DeterministicBoundary {
    /// What it decides about a request: an action, and what is known as its result.
    public static func decision(_ request: CognitiveRequest) -> (action: String, result: JSONObject) {
        let suggestion = request.suggestedActions.max { ($0.confidence, $1.action) < ($1.confidence, $0.action) }
        let result: JSONObject = [
            "event_type": .string(request.eventType),
            "confidence": .number(request.confidence),
            "inputs": request.structuredInput,
            "suggested_actions": .array(request.suggestedActions.map(\.json)),
        ]
        return (suggestion?.action ?? "observe", result)
    }
}
