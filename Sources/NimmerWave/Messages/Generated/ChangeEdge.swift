// Written by Messages/generate.py from Messages/Declarations/words.toml: change that.
// swift-format-ignore-file

/// Edge of a lasting change.
public enum ChangeEdge: String, CaseIterable, Sendable, Hashable, FieldValue {
    /// It begins.
    case begin
    /// It ends: what is sensed is normal again, or has become so.
    case end
}
