import NimmerWave

/// Counters of a replay.
package struct ReplayCounts: Sendable, Equatable {
    package var rows = 0
    /// Fields without a number.
    package var gaps = GapTally()
    /// Values that stand for no reading, by the settings of the cells that read them.
    package var sentinels = 0
    /// Place of the first of them, the value, and why it is no reading.
    package var firstSentinel: String?
    /// Rows with a time before that of an earlier one; they count as of the same time.
    package var outOfOrder = 0
    /// Recorded messages that are not waves.
    package var refused = 0
    /// Waves whose origin the system file does not grant to their sender.
    package var ungranted = 0
    /// Reason why the first of them was refused.
    package var firstUngranted: String?
    /// Waves that came out of the system's own cells and nerves.
    package var emitted = 0
    /// Waves that reached the thalamus, recorded ones included.
    package var waves = 0
    package var transitions = 0
    package var openings = 0
    package var collapses = 0
    package var escalations = 0
    package var states = 0
    package var commands = 0
    /// Change events, and those of them that were merged into another of their home region.
    package var changes = 0
    package var mergedChanges = 0
    /// Change events of the system's own cells.
    package var emittedChanges = 0
    package var first: Timestamp?
    package var last: Timestamp?
}
