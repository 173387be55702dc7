// Written by Messages/generate.py from Messages/Declarations/words.toml: change that.
// swift-format-ignore-file

/// Kind of answerer.
public enum Boundary: String, CaseIterable, Sendable, Hashable, FieldValue {
    /// A mind, through the boundary.
    case model
    /// The boundary itself, by rule.
    case deterministic
}
