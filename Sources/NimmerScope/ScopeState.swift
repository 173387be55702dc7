import NimmerTerminal
import NimmerWave

/// All that an oscilloscope knows: what arrived, what is shown, and how. A value: ``reduce(_:)`` changes it,
/// ``draw(width:height:now:)`` shows it, nothing else happens (oscilloscope.md, How to build it).
public struct ScopeState: Sendable {
    /// Settings that it was started with.
    public let settings: ScopeSettings

    /// The newest moment that it heard of.
    var now = Timestamp(nanoseconds: 0)
    var size = (width: 120, height: 36)
    var buffer: MessageBuffer
    var gates = GateBoard()
    var stories = Stories()
    var view = ScopeView()

    var connection: ScopeConnection?
    /// Time since which the connection is as it is.
    var connectionChanged = Timestamp(nanoseconds: 0)
    var roundTrip: Double?
    var lost = 0
    var notice: (text: String, until: Int64)?
    var recording: String?
    var isRecording = false
    var recorded = 0
    var playback: (speed: Double, motion: ScopePlayback) = (1, .playing)

    /// Explanations of gates by the thalamus, by region or gate, or the failures to get them.
    var explanations: [String: Result<JSON, ScopeFailure>] = [:]
    var explained = Int64.min
    var lastArrival = Int64.min
    /// The entries that opened a gate, oldest first.
    var openings = Ring<Int>()
    var regionsOfRequests: [MessageID: String] = [:]
    var lastCommands: [String: MessageID] = [:]

    /// An oscilloscope that has seen nothing yet.
    public init(_ settings: ScopeSettings) {
        self.settings = settings
        buffer = MessageBuffer(
            settings.limits, filter: settings.filter, minimumConfidence: settings.minimumConfidence,
            column: view.scale.column, homes: RegionHomes(settings.regions))
        if settings.face == .gates { view.pane = .gates }
        view.theme = settings.theme
    }

    /// Takes in what happened.
    ///
    /// - Returns: what is to be done about it, in order.
    public mutating func reduce(_ event: ScopeEvent) -> [ScopeEffect] {
        switch event {
        case .message(let subject, let payload, let arrival): return take(subject, payload, arrival)
        case .key(let key, let moment):
            pass(to: moment)
            notice = nil
            return press(key)
        case .tick(let moment): pass(to: moment)
        case .resize(let width, let height):
            size = (width, height)
            keepInSight()
        case .connection(let connection, let moment):
            pass(to: moment)
            if case .connected(let server) = connection, case .lost? = self.connection {
                showNotice("connected again to \(server)")
            }
            self.connection = connection
            connectionChanged = Self.bounded(moment)
            if case .lost = connection { roundTrip = nil }
        case .roundTrip(let milliseconds): roundTrip = milliseconds
        case .lost(let total): lost = total
        case .gates(let all):
            for gate in all { gates.update(gate, at: max(now.nanoseconds, lastArrival)) }
        case .theme(let theme): view.theme = theme
        case .regions(let json): if let map = RegionMap(json) { fold(map) }
        case .explained(let gate, let json): keepExplanation(gate, .success(json.resolved))
        case .unexplained(let gate, let reason): keepExplanation(gate, .failure(ScopeFailure(reason)))
        case .recording(let change): take(change)
        case .exported(.success(let files)): showNotice("wrote " + files.joined(separator: " and "))
        case .exported(.failure(let failure)): showNotice("nothing was exported: \(failure)")
        case .playback(let speed, let motion): playback = (speed, motion)
        case .notice(let text, let moment):
            pass(to: moment)
            showNotice(text)
        }
        return []
    }

    /// A moment that can be reckoned with: before 2116 and after 1823.
    static func bounded(_ moment: Timestamp) -> Timestamp {
        Timestamp(nanoseconds: max(.min / 2, min(.max / 2, moment.nanoseconds)))
    }

    /// Lets time pass.
    mutating func pass(to moment: Timestamp) {
        now = max(now, Self.bounded(moment))
        buffer.forget(olderThan: now.nanoseconds)
        if let current = notice, current.until < now.nanoseconds { notice = nil }
    }

    /// Shows a line at the bottom for a few seconds.
    mutating func showNotice(_ text: String) { notice = (text, now.advanced(by: .seconds(5)).nanoseconds) }

    private mutating func take(_ change: ScopeRecording) {
        switch change {
        case .started(let file):
            recording = file
            isRecording = true
            recorded = 0
            showNotice("recording to \(file)")
        case .stopped(let file, let messages):
            isRecording = false
            recording = nil
            showNotice("recorded \(grouped(messages)) messages to \(file)")
        case .failed(let reason):
            isRecording = false
            recording = nil
            showNotice("no recording: \(reason)")
        }
    }

    /// Draws regions with those in which the thalamus folds them; the selected lane stays selected.
    private mutating func fold(_ map: RegionMap) {
        let selected = selectedGroup?.name
        buffer.fold(map)
        let shown = groupsShown
        if let place = shown.firstIndex(where: { buffer.groups[$0].name == selected }) { view.lane = place }
        keepInSight()
    }

    private mutating func keepExplanation(_ gate: String, _ answer: Result<JSON, ScopeFailure>) {
        if explanations.count >= 64, explanations[gate] == nil { explanations = [:] }
        explanations[gate] = answer
    }

    /// While a gate is inspected and the view follows, the thalamus is asked again each second.
    mutating func explainAgain(_ at: Int64) -> [ScopeEffect] {
        guard view.isLive, case .gate(let region)? = view.inspected, at >= explained + 900_000_000 else { return [] }
        explained = at
        return [.explain(gate: region)]
    }

    /// Time at which the screen will look different if nothing happens until then: the next sub-column of a rolling trace, or the next
    /// second of the clock. While a view is held nothing moves but the clock.
    public func nextChange(after now: Timestamp) -> Timestamp {
        let second = (TimeWindow.floor(now.nanoseconds, 1_000_000_000) + 1) * 1_000_000_000
        let layout = layout
        guard view.isLive, settings.face == .tail, layout.isLargeEnough, lastArrival != .min else {
            return Timestamp(nanoseconds: second)
        }
        let window = window(layout, now.nanoseconds)
        guard lastArrival >= window.start else { return Timestamp(nanoseconds: second) }
        let step = view.isSweep || settings.glyphs == .ascii ? view.scale.cell : view.scale.column
        let column = (TimeWindow.floor(now.nanoseconds, step) + 1) * step
        return Timestamp(nanoseconds: min(second, column))
    }

    /// The stretch of time that the scope shows at a moment.
    func window(_ layout: Layout, _ now: Int64) -> TimeWindow {
        TimeWindow(
            end: view.hold?.end ?? now, cells: layout.plotCells, scale: view.scale,
            isSweep: view.isSweep && view.isLive, wholeCells: settings.glyphs == .ascii)
    }

    /// The moment that everything is shown at; nil for now.
    var momentShown: Int64? { view.hold.map { view.cursor ?? $0.at } }

    var layout: Layout {
        Layout(width: size.width, height: size.height, face: settings.face, hasBanner: isServerLost)
    }

    var isServerLost: Bool {
        if case .lost? = connection { return true }
        return false
    }
}
