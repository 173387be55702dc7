// Written by Messages/generate.py from Messages/Declarations/words.toml: change that.
// swift-format-ignore-file

/// Indicates whether reality confirmed an opening.
public enum VerificationResult: String, CaseIterable, Sendable, Hashable, FieldValue {
    /// It did.
    case confirmed
    /// It did not.
    case failed
    /// In part.
    case partial
}
