// Written by Messages/generate.py from Messages/Declarations/words.toml: change that.
// swift-format-ignore-file

/// Effect of a message about the outcome of an opening (trust.md, Taking back).
public enum OutcomeKind: String, CaseIterable, Sendable, Hashable, FieldValue {
    /// It counts for the origins that asserted.
    case outcome
    /// It counts instead of the earlier one of its opening, which is taken back.
    case replacement
    /// It takes the outcome of its opening back, which awaits one again.
    case withdrawal
    /// It forgets what outcomes have shown of origins.
    case reset
}
