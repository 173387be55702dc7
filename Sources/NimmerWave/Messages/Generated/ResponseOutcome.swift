// Written by Messages/generate.py from Messages/Declarations/words.toml: change that.
// swift-format-ignore-file

/// Outcome of a request.
public enum ResponseOutcome: String, CaseIterable, Sendable, Hashable, FieldValue {
    /// With an answer.
    case answered
    /// Its time was over before an answer.
    case expired
    /// It was not allowed: budget, policy or the mind refused.
    case refused
    /// It was merged into a newer request of its region, whose answer stands for both.
    case merged
    /// No mind could be reached.
    case unavailable
    /// The answer broke its schema and was not used.
    case invalid
}
