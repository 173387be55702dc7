// Written by Messages/generate.py from Messages/Declarations/words.toml: change that.
// swift-format-ignore-file

/// Mode for the commands of a decision.
public enum CommandMode: String, CaseIterable, Sendable, Hashable, FieldValue {
    /// They are published as part of the response and not sent.
    case dryRun = "dry-run"
    /// Those that are allowed wait until a person approves them: `nimmer mind pending`, `nimmer mind approve ID`.
    case confirm
    /// Those that are allowed are sent.
    case act
}
