import NimmerTerminal
import NimmerWave

extension ScopeState {
    /// The mouse: a press selects what is under it, and inspects what was selected already; the wheel scrolls the pane under it, and zooms the
    /// time with Ctrl or on the times.
    mutating func point(_ pointer: Pointer) -> [ScopeEffect] {
        let layout = layout
        guard layout.isLargeEnough, view.edit == nil, view.question == nil else { return [] }
        if view.isHelpShown {
            switch pointer.action {
            case .press: view.isHelpShown = false
            case .wheelUp: view.helpScroll = max(0, view.helpScroll - 1)
            case .wheelDown: view.helpScroll = min(Self.helpLines, view.helpScroll + 1)
            }
            return []
        }
        if !layout.isWide, let overlay = view.overlay {
            guard layout.overlay.contains(pointer.x, pointer.y) else {
                if pointer.action == .press { back() }
                return []
            }
            return point(pointer, on: overlay, layout.overlay)
        }
        guard let (pane, area) = layout.pane(at: pointer.x, pointer.y) else { return [] }
        return point(pointer, on: pane, area)
    }

    private mutating func point(_ pointer: Pointer, on pane: Pane, _ area: Area) -> [ScopeEffect] {
        switch pointer.action {
        case .press: return press(pointer, on: pane, area)
        case .wheelUp: turn(-1, pointer, on: pane, area)
        case .wheelDown: turn(1, pointer, on: pane, area)
        }
        return []
    }

    private mutating func turn(_ direction: Int, _ pointer: Pointer, on pane: Pane, _ area: Area) {
        // A line of gates has nothing to scroll.
        guard area.height > 2 else { return }
        if pane == .scope, pointer.isModified || pointer.y >= area.bottom - 3 {
            zoom { if direction < 0 { $0.zoomIn() } else { $0.zoomOut() } }
            return
        }
        if view.overlay != pane { focus(pane) }
        move(direction * (pane == .log || pane == .inspector ? 3 : 1))
    }

    private mutating func press(_ pointer: Pointer, on pane: Pane, _ area: Area) -> [ScopeEffect] {
        let hadKeys = hasKeys(pane)
        if view.overlay != pane { focus(pane) }
        guard area.height > 2 else { return [] }
        let inner = area.inset()
        switch pane {
        case .scope:
            if let lane = lane(at: pointer.y - inner.y) { view.lane = lane }
        case .gates: return pressGate(pointer, inner, hadKeys)
        case .log:
            let lowest = min(buffer.shown.end - 1, view.hold?.lowest ?? .max)
            let place = max(buffer.shown.first, lowest - inner.height + 1) + pointer.y - inner.y
            guard inner.contains(pointer.x, pointer.y), place <= lowest, buffer.shown.numbers.contains(place) else {
                break
            }
            if hadKeys, view.selected == buffer.shown[place] { return inspect() }
            hold()
            select(place)
        case .inspector: break
        }
        return []
    }

    /// The lane in a row of the scope, among those that are shown; nil below the last one.
    private func lane(at row: Int) -> Int? {
        let rows = LaneRows(lanes: groupsShown.count, lines: layout.laneLines, selected: view.lane)
        var bottom = 0
        for place in rows.visible {
            bottom += rows.height(of: place)
            if row >= 0, row < bottom { return place }
        }
        return nil
    }

    private mutating func pressGate(_ pointer: Pointer, _ inner: Area, _ hadKeys: Bool) -> [ScopeEffect] {
        let all = gatesShown
        let rows = gateRows(inner, all)
        if pointer.y == rows.top - 1, rows.columns.hasHeading {
            if let order = rows.columns.order(at: pointer.x - inner.x) { sort(by: order) }
            return []
        }
        let place = rows.first + pointer.y - rows.top
        guard inner.contains(pointer.x, pointer.y), pointer.y >= rows.top, all.indices.contains(place) else {
            return []
        }
        let region = all[place].region.text
        if hadKeys, selectedGate == region { return inspect() }
        view.gate = region
        if settings.face == .gates || view.inspected == nil { view.inspectorScroll = 0 }
        if case .gate? = view.inspected { view.inspected = .gate(region) }
        return []
    }

    /// Orders the gates; by the order that they have already, the other way round.
    mutating func sort(by order: GateOrder) {
        view.isGateOrderReversed = view.gateOrder == order ? !view.isGateOrderReversed : false
        view.gateOrder = order
    }
}

extension Layout {
    /// The pane at a cell, with its area; nil outside of all.
    func pane(at x: Int, _ y: Int) -> (pane: Pane, area: Area)? {
        let areas: [(Pane, Area?)] = [
            (.scope, scope), (.gates, gates ?? gateLine), (.log, log), (.inspector, inspector),
        ]
        for case (let pane, let area?) in areas where area.contains(x, y) { return (pane, area) }
        return nil
    }
}

extension Area {
    /// Returns whether a cell lies in it.
    func contains(_ x: Int, _ y: Int) -> Bool { x >= self.x && x < right && y >= self.y && y < bottom }
}
