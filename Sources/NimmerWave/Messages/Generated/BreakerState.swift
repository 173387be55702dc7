// Written by Messages/generate.py from Messages/Declarations/words.toml: change that.
// swift-format-ignore-file

/// The state of the circuit breaker before a mind.
public enum BreakerState: String, CaseIterable, Sendable, Hashable, FieldValue {
    /// Requests pass.
    case closed
    /// Requests do not pass.
    case open
    /// One request is let through to see.
    case halfOpen = "half_open"
}
