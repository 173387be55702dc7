import NimmerWave

/// The four panes, by the digits that go to them.
enum Pane: Int, Sendable, CaseIterable {
    case scope = 1
    case gates, log, inspector
}

/// View: everything that keys change.
struct ScopeView: Sendable {
    /// A view that stands still while the buffer fills.
    struct Hold: Sendable {
        /// Time at which it was stopped.
        let at: Int64
        /// The last moment that the scope shows.
        var end: Int64
        /// The place of the lowest line of the log among what is shown.
        var lowest: Int
        /// Number of messages that had been shown when it was stopped.
        let arrived: Int
    }

    /// Contents of the inspector.
    enum Inspected: Sendable, Hashable {
        /// A message, by its entry's number.
        case entry(Int)
        /// A gate, by its region.
        case gate(String)
    }

    /// A filter that is being typed.
    struct FilterEdit: Sendable, Hashable {
        var text: String
        let before: String
    }

    var scale = TimeScale()
    var isSweep = false
    /// nil while it follows.
    var hold: Hold?
    /// The time cursor that scope, log and inspector share.
    var cursor: Int64?
    /// The second marker.
    var marker: Int64?
    /// The selected line of the log, by its entry's number.
    var selected: Int?
    /// The selected lane's first line among the lanes that are shown.
    var lane = 0
    /// The selected gate, by its region.
    var gate: String?
    /// Order of the gates.
    var gateOrder = GateOrder.attention
    var isGateOrderReversed = false
    var theme = ScopeTheme.dark
    var pane = Pane.scope
    /// nil: the last opening.
    var inspected: Inspected?
    /// Lines of the inspector above its first one.
    var inspectorScroll = 0
    /// Indicates whether messages are shown as they came instead of indented.
    var isRaw = false
    /// Indicates whether a narrow screen shows the inspector or the gates over the rest.
    var overlay: Pane?
    var edit: FilterEdit?
    /// A report of an opening that waits for a yes.
    var question: ScopeVerification?
    var isHelpShown = false
    var helpScroll = 0

    /// Indicates whether it follows what arrives.
    var isLive: Bool { hold == nil }
}
