// Written by Messages/generate.py from Messages/Declarations/words.toml: change that.
// swift-format-ignore-file

/// What a window of waves led to.
public enum CorrelationResult: String, CaseIterable, Sendable, Hashable, FieldValue {
    /// The gate opened.
    case opened
    /// The gate closed.
    case closed
    /// The gate stayed as it was.
    case stayedStable = "stayed_stable"
}
