// Written by Messages/generate.py from Messages/Declarations/words.toml: change that.
// swift-format-ignore-file

/// Outcome of the commands of a decision.
public enum ActOutcome: String, CaseIterable, Sendable, Hashable, FieldValue {
    /// Every command was carried out.
    case done
    /// A command failed or was refused by its target; the following were not sent.
    case failed
    /// The bridge died while a command was on its way; it was not sent again, and neither were the following.
    case unknown
    /// A person refused.
    case refused
    /// It was not approved in time, or the bridge was away too long.
    case expired
}
