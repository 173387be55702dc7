/// One change of a value under its key, until it is known whether it was stored.
///
/// An acknowledgement proves that it was. Anything else proves nothing: the change may have been stored and its acknowledgement lost,
/// and then a repetition meets its own change as a conflict. So whatever fails, the key is read and compared. No other process writes
/// the same bytes: they name their writer.
public struct RecordWrite: Sendable, Hashable {
    /// Next step.
    public enum Step: Sendable, Hashable {
        /// Write ``RecordWrite/bytes`` where the key is at this revision, 0 where it has none: ``RecordWrite/wrote(_:)`` or
        /// ``RecordWrite/failed()``.
        case write(revision: UInt64)
        /// Read the key: ``RecordWrite/found(revision:bytes:)``; a reading that fails is repeated.
        case read
        /// It is stored, at this revision.
        case stored(revision: UInt64)
        /// Another process has changed the value first; this change is not stored and never will be.
        case overtaken
    }

    /// Bytes to store.
    public let bytes: [UInt8]
    private let revision: UInt64

    /// A change of what is at a revision; 0: a value without one.
    public init(_ bytes: [UInt8], over revision: UInt64) {
        self.bytes = bytes
        self.revision = revision
    }

    /// First step.
    public var first: Step { .write(revision: revision) }

    /// It was acknowledged.
    public func wrote(_ revision: UInt64) -> Step { .stored(revision: revision) }

    /// It was refused as a conflict, or its outcome is unknown.
    public func failed() -> Step { .read }

    /// Handles the current value of the key; nil and 0 where there is no value.
    public func found(revision: UInt64, bytes: [UInt8]?) -> Step {
        if bytes == self.bytes { return .stored(revision: revision) }
        return revision == self.revision ? .write(revision: revision) : .overtaken
    }
}
