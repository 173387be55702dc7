import NimmerWave

/// One thing that a page learns after its snapshot (docs/reference/web.md, Frames).
package enum PageFrame: Sendable {
    /// A JSON object, whose kind stands in `k`.
    case text(JSONObject)
    /// Waves that came since the last frame.
    case waves([PageWave])

    /// A frame of a kind.
    static func of(_ kind: String, _ members: [(String, JSON)]) -> PageFrame {
        var object: JSONObject = ["k": .string(kind)]
        for (key, value) in members { object[key] = value }
        return .text(object)
    }
}

/// A wave as a page draws it.
package struct PageWave: Sendable, Hashable {
    /// Number of its cell.
    package let cell: UInt16
    /// Confidence signed by polarity, -1…1.
    package let value: Float
    /// Arrival in nanoseconds since 1970.
    package let at: Int64

    package init(cell: UInt16, value: Float, at: Int64) {
        self.cell = cell
        self.value = value
        self.at = at
    }
}
