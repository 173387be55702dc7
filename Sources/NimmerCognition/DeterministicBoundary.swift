import NimmerWave

/// The boundary without a mind: maps a collapse to a typed record by rule, always the same for the same request
/// (architecture.md, rule 5: "No model: deterministic boundary").
///
/// It decides for the most apt of the suggested actions, of equally apt ones for the first in their order, and names the event; it asks for no command, since no mind judged.
public enum DeterministicBoundary {
    /// Decides about a request.
    ///
    /// - Parameter record: gets what is known, as the reason.
    /// - Returns: the action.
    public static func decide(_ request: CognitiveRequest, _ record: inout DecisionRecord) -> String {
        record.confidence = request.confidence
        record.inputs = request.structuredInput
        record.suggestedActions = request.suggestedActions
        var best: SuggestedAction?
        for suggestion in request.suggestedActions where best.map({ suggestion.confidence > $0.confidence }) ?? true {
            best = suggestion
        }
        return best?.action ?? "observe"
    }
}
