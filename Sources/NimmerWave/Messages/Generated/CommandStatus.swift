// Written by Messages/generate.py from Messages/Declarations/words.toml: change that.
// swift-format-ignore-file

/// Status of a command.
public enum CommandStatus: String, CaseIterable, Sendable, Hashable, FieldValue {
    /// It was done.
    case ok
    /// It was tried and failed.
    case error
    /// It was not allowed or not understood.
    case refused
}
