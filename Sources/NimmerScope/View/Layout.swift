import NimmerTerminal

/// Positions of the panes on a screen of a size.
struct Layout: Sendable, Hashable {
    /// The smallest screen.
    static let minimum = (width: 80, height: 24)

    let width: Int
    let height: Int
    /// Indicates whether anything fits at all.
    let isLargeEnough: Bool
    /// Indicates whether gates and inspector have panes of their own; otherwise the gates fold to a line and the inspector lies over the
    /// rest.
    let isWide: Bool
    var header: Area
    var banner: Area?
    var scope: Area?
    var gates: Area?
    var gateLine: Area?
    var log: Area?
    var inspector: Area?
    var keys: Area

    /// The panes of a face at a size.
    init(width: Int, height: Int, face: ScopeSettings.Face, hasBanner: Bool) {
        self.width = width
        self.height = height
        isLargeEnough = width >= Self.minimum.width && height >= Self.minimum.height
        isWide = width >= 110 && height >= 30
        header = Area(x: 0, y: 0, width: width, height: 1)
        keys = Area(x: 0, y: height - 1, width: width, height: 1)
        let top = hasBanner ? 2 : 1
        if hasBanner { banner = Area(x: 0, y: 1, width: width, height: 1) }
        let rows = max(0, height - 1 - top)
        func row(_ x: Int, _ y: Int, _ width: Int, _ height: Int) -> Area {
            Area(x: x, y: top + y, width: width, height: height)
        }
        switch (face, isWide) {
        case (.tail, true):
            let upper = rows * 11 / 20
            let right = min(64, max(41, width * 30 / 100))
            let inspector = min(84, max(44, width * 38 / 100))
            scope = row(0, 0, width - right, upper)
            gates = row(width - right, 0, right, upper)
            log = row(0, upper, width - inspector, rows - upper)
            self.inspector = row(width - inspector, upper, inspector, rows - upper)
        case (.tail, false):
            let upper = rows * 11 / 20
            scope = row(0, 0, width, upper)
            gateLine = row(0, upper, width, 1)
            log = row(0, upper + 1, width, rows - upper - 1)
        case (.gates, true):
            let upper = rows / 2
            gates = row(0, 0, width, upper)
            inspector = row(0, upper, width, rows - upper)
        case (.gates, false): gates = row(0, 0, width, rows)
        }
    }

    /// Position of the inspector (or the gates) over the rest of a narrow screen.
    var overlay: Area {
        let rows = max(0, height - 2 - (banner == nil ? 0 : 1))
        let lines = min(rows, max(12, rows * 3 / 4))
        return Area(x: 0, y: height - 1 - lines, width: width, height: lines)
    }

    /// Columns for a lane's name.
    var nameCells: Int { width >= 150 ? 20 : width >= 110 ? 12 : 11 }
    /// Columns for a lane's scale.
    static let axisCells = 3
    /// Columns for a lane's value and rate.
    static let valueCells = 11
    /// Columns for the traces.
    var plotCells: Int {
        guard let scope else { return 1 }
        return max(1, scope.width - 2 - nameCells - Self.axisCells - Self.valueCells)
    }
    /// Lines of the log.
    var logLines: Int { max(0, (log?.height ?? 2) - 2) }
    /// Lines of the inspector.
    var inspectorLines: Int { max(0, (inspector ?? overlay).height - 2) }
    /// Lines for lanes.
    var laneLines: Int { max(0, (scope?.height ?? 4) - 4) }
}
