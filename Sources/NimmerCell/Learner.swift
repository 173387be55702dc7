import NimmerWave

/// A cell that keeps what it has learned when its process ends (sensing.md, What survives a restart).
///
/// The runtime asks it for what it has learned at most once a minute and at the clean end, and hands it back after the next start, where the
/// manifest's version and ``learnsFrom`` are the same. What does not fit is set aside with a log line, and the cell learns as new.
public protocol Learner: Cell {
    /// Whatever decides what is learned, in words for a person: its source, and the settings of how it learns. What was learned
    /// under other words is not taken.
    var learnsFrom: String { get }

    /// State that it has learned so far, in bytes of its own making, at most 1,000,000; nil: nothing that is worth keeping.
    var learned: [UInt8]? { get }

    /// Continues with what an earlier process has learned, which ``learned`` gave there.
    ///
    /// - Throws: why it cannot be read; the cell is as before then.
    mutating func resume(learned: [UInt8], _ pulse: inout Pulse) throws
}

/// State that a cell has learned, as it is kept: with who learned it, from what, and when.
///
/// Bytes: `NIMMLRND`, the format (1), the length of the head (four bytes, the least significant first), the head (JSON: `cell`, `version`,
/// `learns_from`, `at`, `readings`), what the cell wrote, and the CRC-32 of all before it.
struct LearnedState: Sendable, Hashable {
    /// Kind of cell, as its manifest names it.
    var cell: String
    /// Version of the manifest.
    var version: String
    /// Settings and source that decide what is learned.
    var learnsFrom: String
    /// Time of keeping, on the wall clock.
    var at: Timestamp
    /// Readings of the process that kept it.
    var readings: Int
    /// Bytes that the cell wrote.
    var content: [UInt8]

    /// Most bytes that are kept of a cell.
    static let largest = 1_000_000
    /// Milliseconds by which a moment may lie in the future, for clocks that differ.
    static let tolerance = 300_000.0
    private static let magic = Array("NIMMLRND".utf8)
    private static let format: UInt8 = 1

    var bytes: [UInt8] {
        let head = Array(
            JSON.object([
                "cell": .string(cell), "version": .string(version), "learns_from": .string(learnsFrom),
                "at": .string(at.rfc3339), "readings": .number(Double(readings)),
            ]).text.utf8)
        var bytes = Self.magic + [Self.format] + Self.little(UInt32(head.count)) + head + content
        bytes += Self.little(CRC32.of(bytes[...]))
        return bytes
    }

    init(cell: String, version: String, learnsFrom: String, at: Timestamp, readings: Int, content: [UInt8]) {
        (self.cell, self.version, self.learnsFrom) = (cell, version, learnsFrom)
        (self.at, self.readings, self.content) = (at, readings, content)
    }

    /// Reads what was kept.
    ///
    /// - Throws: a `Refusal` that names what was found, where it is damaged or of another format.
    init(_ bytes: [UInt8]) throws(Refusal) {
        let start = Self.magic.count + 5
        guard bytes.count >= start + 4, bytes.starts(with: Self.magic) else {
            throw Refusal(
                .value, "it is damaged: expected what a cell has learned", found: "\(bytes.count) other bytes")
        }
        let format = bytes[Self.magic.count]
        guard format == Self.format else {
            throw Refusal(.value, "its format must be \(Self.format)", found: "\(format)")
        }
        let end = bytes.count - 4
        guard Self.number(bytes[end...]) == CRC32.of(bytes[..<end]) else {
            throw Refusal(.value, "it is damaged: its checksum is not that of its \(bytes.count) bytes")
        }
        let length = Int(Self.number(bytes[(start - 4)..<start]))
        guard length <= end - start, let head = try? JSON(parsing: Array(bytes[start..<start + length])),
            let cell = head["cell"]?.string, let version = head["version"]?.string,
            let learnsFrom = head["learns_from"]?.string, let readings = head["readings"]?.int,
            let at = head["at"]?.string.flatMap({ try? Timestamp(rfc3339: $0) })
        else { throw Refusal(.value, "it is damaged: its head cannot be read") }
        self.init(
            cell: cell, version: version, learnsFrom: learnsFrom, at: at, readings: readings,
            content: Array(bytes[(start + length)..<end]))
    }

    /// Refuses what another cell, version or setting has learned, or what is from the future.
    func check(cell: String, version: String, learnsFrom: String, now: Timestamp) throws(Refusal) {
        for (what, found, expected) in [
            ("cell", self.cell, cell), ("version", self.version, version), ("learns from", self.learnsFrom, learnsFrom),
        ] where found != expected {
            throw Refusal(.value, field: what, "expected \(what) '\(expected)'", found: "'\(found)'")
        }
        guard at.milliseconds(since: now) <= Self.tolerance else {
            throw Refusal(.value, "it is from the future: now is \(now.rfc3339)", found: at.rfc3339)
        }
    }

    private static func little(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> UInt32(8 * $0)) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}

extension CellBody {
    /// Indicates whether it keeps what it has learned.
    static var learns: Bool { C.self is any Learner.Type }

    /// Returns the state that it has learned so far; nil where there is nothing to keep.
    func learned(at moment: Timestamp) -> LearnedState? {
        guard let learner = cell as? any Learner, let content = learner.learned else { return nil }
        return LearnedState(
            cell: C.manifest.name, version: C.manifest.version, learnsFrom: learner.learnsFrom, at: moment,
            readings: watch.readings, content: content)
    }

    /// Continues with what an earlier process has learned; a log line names it, or why it is set aside.
    mutating func resume(_ kept: [UInt8], wall now: Timestamp, at moment: Timestamp) -> Pulse {
        update(at: moment) { cell, pulse in
            guard var learner = cell as? any Learner else { return }
            do {
                let state = try LearnedState(kept)
                try state.check(
                    cell: C.manifest.name, version: C.manifest.version, learnsFrom: learner.learnsFrom, now: now)
                try learner.resume(learned: state.content, &pulse)
                if let same = learner as? C { cell = same }
                pulse.log(.info, "Continues with what was learned before", ["kept_at": state.at.rfc3339])
            } catch {
                pulse.log(
                    .warning, "What was learned before is set aside: learns as new", ["reason": "\(error)"])
            }
        }
    }
}
