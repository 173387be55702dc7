#if canImport(Glibc)
    import Glibc
#endif

/// Watch over the disk of a private nats-server, as a value: what is free comes as an argument.
///
/// A nats-server that could not write does not try again by itself, even when there is room (2.9 hangs, 2.15 gives its streams up): it is
/// started again then.
package struct DiskWatch: Sendable {
    /// Change of the disk.
    package enum Change: Equatable, Sendable {
        /// Nothing can be written any more.
        case full
        /// There is room again.
        case room
    }

    /// With less free than this, in bytes, the disk is full.
    package static let least: UInt64 = 256 << 10
    /// With as much free as this, in bytes, there is room again.
    package static let enough: UInt64 = 4 << 20

    /// Indicates whether it has been full, and has no room yet.
    package private(set) var isFull = false

    package init() {}

    /// Looks at what is free, in bytes; nil when it is not known.
    package mutating func look(free: UInt64?) -> Change? {
        guard let free else { return nil }
        if !isFull, free < Self.least {
            isFull = true
            return .full
        }
        if isFull, free >= Self.enough {
            isFull = false
            return .room
        }
        return nil
    }

    /// Bytes that this user may still write where a folder lies; nil when it is not known.
    package static func free(at path: String) -> UInt64? {
        var facts = statvfs()
        guard statvfs(path, &facts) == 0 else { return nil }
        return UInt64(facts.f_bavail).multipliedReportingOverflow(by: UInt64(facts.f_frsize)).partialValue
    }

    /// Description of a full disk, with the remedy.
    package static func words(_ path: String) -> String {
        "the disk of \(path) is full: streams take nothing, and what is decided waits. Free space there; `nimmer up` then starts its "
            + "nats-server again by itself"
    }
}
