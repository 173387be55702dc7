import NimmerWave

extension ScopeState {
    // MARK: - Time

    /// Stops the view; the buffer keeps filling.
    mutating func hold() {
        guard view.isLive else { return }
        // The column that is being filled stays out, so that what is held does not change.
        let column = view.scale.column
        view.hold = .init(
            at: now.nanoseconds, end: TimeWindow.floor(now.nanoseconds, column) * column - 1,
            lowest: buffer.shown.end - 1, arrived: buffer.arrivedShown)
    }

    /// Follows what arrives again.
    mutating func follow() {
        view.hold = nil
        view.cursor = nil
        view.selected = nil
    }

    /// Moves the time cursor by so many cells; the window goes along when it would leave it.
    mutating func scrub(_ cells: Int) {
        guard settings.face == .tail else { return }
        let wasLive = view.isLive
        if wasLive {
            guard cells < 0 else { return }
            hold()
        }
        guard let hold = view.hold else { return }
        let start = view.cursor ?? hold.at
        setCursor(start + Int64(cells) * view.scale.cell)
        view.selected = view.cursor.flatMap { buffer.shownEntry(notAfter: $0) }
        keepInSight()
    }

    /// Sets the time cursor, within what is kept and what had arrived, and brings it into the window.
    private mutating func setCursor(_ moment: Int64) {
        guard var hold = view.hold else { return }
        let oldest = min(hold.at, buffer.entries.oldest?.at ?? hold.at)
        let cursor = min(hold.at, max(oldest, moment))
        let width = Int64(layout.plotCells) * view.scale.cell
        if cursor > hold.end { hold.end = cursor }
        if cursor <= hold.end - width + view.scale.cell { hold.end = cursor + width - view.scale.cell }
        view.cursor = cursor
        view.hold = hold
    }

    /// To the oldest that is kept; in a pane of lines to the first of them.
    mutating func toOldest() {
        if view.pane == .inspector || view.overlay == .inspector {
            view.inspectorScroll = 0
            return
        }
        if view.pane == .gates || settings.face == .gates {
            view.gate = gatesShown.first?.region.text
            return
        }
        guard !buffer.shown.isEmpty else { return }
        hold()
        select(buffer.shown.first)
    }

    mutating func zoom(_ change: (inout TimeScale) -> Void) {
        guard settings.face == .tail else { return }
        let before = view.scale
        change(&view.scale)
        guard view.scale != before else { return }
        buffer.show(column: view.scale.column)
        guard var hold = view.hold, let cursor = view.cursor else { return }
        let ratio = Double(view.scale.column) / Double(before.column)
        hold.end = min(hold.at, cursor + Int64(saturating: Double(hold.end - cursor) * ratio))
        view.hold = hold
        setCursor(cursor)
    }

    /// The second marker: where the cursor is, or now; once more removes it.
    mutating func mark() {
        guard settings.face == .tail else { return }
        let here = view.cursor ?? view.hold?.end ?? now.nanoseconds
        if let marker = view.marker, view.isLive || (marker - here).magnitude < UInt64(view.scale.cell) {
            view.marker = nil
        } else {
            view.marker = here
        }
    }

    // MARK: - Panes

    /// Up or down in the pane that has the keys.
    mutating func move(_ lines: Int) {
        switch view.overlay ?? view.pane {
        case .scope:
            let count = groupsShown.count
            view.lane = max(0, min(count - 1, view.lane + lines))
        case .gates:
            let all = gatesShown
            guard !all.isEmpty else { return }
            let place = all.firstIndex { $0.region.text == selectedGate } ?? 0
            view.gate = all[max(0, min(all.count - 1, place + lines))].region.text
            if settings.face == .gates || view.inspected == nil { view.inspectorScroll = 0 }
            if case .gate? = view.inspected { view.inspected = view.gate.map { .gate($0) } }
        case .log:
            guard !buffer.shown.isEmpty else { return }
            let isFirst = view.isLive
            hold()
            let newest = min(buffer.shown.end - 1, view.hold?.lowest ?? .max)
            let current = view.selected.map { place(of: $0) } ?? newest
            if isFirst, view.selected == nil, lines > 0 {
                follow()
                return
            }
            select(isFirst && view.selected == nil ? newest + lines + 1 : current + lines)
        case .inspector:
            view.inspectorScroll = max(0, min(inspectorLineCount - layout.inspectorLines, view.inspectorScroll + lines))
        }
    }

    mutating func page(_ direction: Int) {
        switch view.overlay ?? view.pane {
        case .scope: scrub(direction * max(1, layout.plotCells / 2))
        case .gates: move(direction * 10)
        case .log: move(direction * max(1, layout.logLines - 1))
        case .inspector: move(direction * max(1, layout.inspectorLines - 1))
        }
    }

    /// Selects a line of the log by its place among what is shown; cursor and inspector go along.
    mutating func select(_ place: Int) {
        guard !buffer.shown.isEmpty else { return }
        let place = max(buffer.shown.first, min(buffer.shown.end - 1, place))
        let number = buffer.shown[place]
        view.selected = number
        let at = buffer.entries[number].at
        if let hold = view.hold, at > hold.at {
            view.hold = .init(at: at, end: max(hold.end, at), lowest: hold.lowest, arrived: hold.arrived)
        }
        setCursor(at)
        if case .entry? = view.inspected {
            view.inspected = .entry(number)
            view.inspectorScroll = 0
        }
        keepInSight()
    }

    /// The place of an entry among what is shown, or of the next one.
    func place(of number: Int) -> Int { buffer.shown.firstNumber { $0 >= number } }

    /// Brings the selected line into the log, and what was selected back to what there is.
    mutating func keepInSight() {
        guard var hold = view.hold else { return }
        hold.lowest = max(buffer.shown.first, min(buffer.shown.end - 1, hold.lowest))
        if let selected = view.selected {
            let place = min(place(of: selected), max(buffer.shown.first, buffer.shown.end - 1))
            let lines = max(1, layout.logLines)
            if place > hold.lowest { hold.lowest = place }
            if place <= hold.lowest - lines { hold.lowest = place + lines - 1 }
        }
        view.hold = hold
    }

    mutating func turnPane(_ direction: Int) {
        let panes: [Pane] = settings.face == .gates ? [.gates, .inspector] : Pane.allCases
        let place = panes.firstIndex(of: view.pane) ?? 0
        focus(panes[(place + direction + panes.count) % panes.count])
    }

    /// Gives the keys to a pane; on a narrow screen the inspector and the gates come over the rest.
    mutating func focus(_ pane: Pane) {
        if settings.face == .gates, pane != .gates, pane != .inspector { return }
        view.pane = pane
        view.overlay = nil
        if !layout.isWide, pane == .inspector || (pane == .gates && settings.face == .tail) { view.overlay = pane }
    }

    /// Inspects what is selected in the pane that has the keys.
    mutating func inspect() -> [ScopeEffect] {
        view.inspectorScroll = 0
        switch view.overlay ?? view.pane {
        case .gates:
            guard let gate = selectedGate else { return [] }
            view.inspected = .gate(gate)
            if !layout.isWide { view.overlay = .inspector }
            explained = now.nanoseconds
            return settings.source == .live ? [.explain(gate: gate)] : []
        case .log, .scope:
            guard let number = view.selected ?? buffer.shown.last else { return [] }
            hold()
            select(place(of: number))
            view.inspected = .entry(view.selected ?? number)
            if !layout.isWide { view.overlay = .inspector }
        case .inspector: if isMessageInspected { view.isRaw.toggle() }
        }
        return []
    }

    /// Closes what lies over the rest, then the inspected, then the second marker.
    mutating func back() {
        if view.overlay != nil {
            view.overlay = nil
            if !layout.isWide { view.pane = settings.face == .gates ? .gates : .log }
        } else if view.inspected != nil {
            view.inspected = nil
            view.inspectorScroll = 0
        } else if !view.isLive {
            follow()
        }
    }

    /// The selected gate's region: the one that was selected, else the first.
    var selectedGate: String? {
        if let gate = view.gate, gates.tracks[gate] != nil { return gate }
        return gatesShown.first?.region.text
    }

    /// The gates in the order that was chosen, but for those of regions that live in another: what cells report of their own.
    var gatesShown: [AttendedGate] {
        let all = gates.gates(at: momentOfGates, by: view.gateOrder, isReversed: view.isGateOrderReversed)
        guard !buffer.homes.isTrivial else { return all }
        return all.filter { buffer.homes.home(of: $0.region.text) == $0.region.text }
    }

    /// Moment as of which gates are shown; nil for now.
    var momentOfGates: Int64? { view.hold.map { view.cursor ?? $0.end } }

    /// The groups of lanes that have something to show, in their order, by their numbers.
    var groupsShown: [Int] { buffer.groups.indices.filter { isShown(buffer.groups[$0]) } }

    /// The group of the selected lane; nil while nothing is shown.
    var selectedGroup: LaneGroup? {
        let shown = groupsShown
        return shown.isEmpty ? nil : buffer.groups[shown[max(0, min(shown.count - 1, view.lane))]]
    }

    private func isShown(_ group: LaneGroup) -> Bool {
        members(of: group).contains { lane in
            if lane.shown > 0 { return true }
            return !lane.exchanges.isEmpty
                && buffer.filter.passes(subject: lane.name, names: [], isWave: false, payload: nil)
        }
    }

    /// The lanes of a group that were there at the moment that is shown.
    func members(of group: LaneGroup) -> [Lane] {
        group.lanes.map { buffer.lanes[$0] }.filter { lane in view.hold.map { lane.since <= $0.at } ?? true }
    }
}
