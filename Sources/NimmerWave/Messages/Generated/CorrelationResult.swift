// Written by Messages/generate.py from Messages/Declarations/words.toml: change that.
// swift-format-ignore-file

/// Result of a window of waves.
public enum CorrelationResult: String, CaseIterable, Sendable, Hashable, FieldValue {
    /// The gate opened.
    case opened
    /// The gate closed.
    case closed
    /// The gate stayed as it was.
    case stayedStable = "stayed_stable"
}
