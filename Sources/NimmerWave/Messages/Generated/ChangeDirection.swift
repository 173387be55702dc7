// Written by Messages/generate.py from Messages/Declarations/words.toml: change that.
// swift-format-ignore-file

/// Side of normal.
public enum ChangeDirection: String, CaseIterable, Sendable, Hashable, FieldValue {
    /// Above normal.
    case above
    /// Below normal.
    case below
}
