// Written by Messages/generate.py from Messages/Declarations/words.toml: change that.
// swift-format-ignore-file

/// Reason why a region lives in its home (spec/iris.md, Regions that mean the same).
public enum AssignmentReason: String, CaseIterable, Sendable, Hashable, FieldValue {
    /// It is its own home: no other was near enough.
    case founded
    /// It joined the nearest home.
    case joined
    /// A person pinned it to the home that it had, or the system file declares it.
    case pinned
    /// A person gave it a home of its own.
    case split
    /// A person moved it to another home.
    case joinedByHand = "joined_by_hand"
    /// A person let it be forgotten: its next wave is judged as the first.
    case forgotten
}
