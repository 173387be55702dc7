import NimmerWave

/// Facts that an oscilloscope knows of the system as a whole.
package struct PageStatus: Sendable {
    /// Last summary of the thalamus, without the gates; nil before the first.
    package let attention: Attention?
    /// Indicates whether the thalamus reported in the last seconds.
    package let isAttended: Bool
    /// Indicates whether there is a connection to the server.
    package let isConnected: Bool
    /// Time since which that is so.
    package let connectionChanged: Timestamp
    /// Time of the server's last answer, in milliseconds.
    package let roundTrip: Double?
    /// Messages that the connection lost.
    package let lost: Int
}

extension ScopeState {
    /// Its facts for the pane of health.
    package var pageStatus: PageStatus {
        let isConnected = if case .lost? = connection { false } else { true }
        // The thalamus reports once a second.
        let isAttended = gates.attended != .min && elapsed(from: gates.attended, to: now.nanoseconds) < 5_000_000_000
        return PageStatus(
            attention: gates.summary, isAttended: isAttended, isConnected: isConnected,
            connectionChanged: connectionChanged,
            roundTrip: roundTrip, lost: lost)
    }
}
