// Written by Messages/generate.py from Messages/Declarations/words.toml: change that.
// swift-format-ignore-file

/// Mode of attention: how much is open at once.
public enum AttentionMode: String, CaseIterable, Sendable, Hashable, FieldValue {
    /// Nothing is open and nothing rises.
    case idle = "IDLE"
    /// Nothing is open, something rises.
    case alert = "ALERT"
    /// A few gates are open.
    case focused = "FOCUSED"
    /// More is open than can be attended to, or waves are lost.
    case overwhelmed = "OVERWHELMED"
}
