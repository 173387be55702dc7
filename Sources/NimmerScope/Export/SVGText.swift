import NimmerWave

/// An SVG drawing as it is written, element after element.
struct SVGText {
    private(set) var bytes: [UInt8] = []

    private mutating func put(_ text: String) { bytes += Array(text.utf8) }

    /// Text for a drawing: what XML forbids, and what a reader would not see, is written out.
    private static func escaped(_ text: String) -> String { text.visible().escapedForXML }

    /// Begins the drawing.
    mutating func open(width: Double, height: Double, style: String) {
        let size = "\(decimals(width, 0)) \(decimals(height, 0))"
        put(
            """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(size)" width="\(decimals(width, 0))" \
            font-family="ui-monospace,DejaVu Sans Mono,monospace" font-size="12">
            <style>
            \(style)
            </style>
            <rect class="ground" width="100%" height="100%"/>

            """)
    }

    /// Ends the drawing.
    mutating func close() { put("</svg>\n") }

    mutating func text(_ x: Double, _ y: Double, _ classes: String, _ text: some StringProtocol, more: String = "") {
        let all = more.isEmpty ? classes : "\(classes) \(more)"
        put(
            "<text x=\"\(decimals(x, 1))\" y=\"\(decimals(y, 1))\" class=\"\(all)\">\(Self.escaped(String(text)))</text>\n"
        )
    }

    mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ classes: String) {
        put(
            "<line x1=\"\(decimals(x1, 1))\" y1=\"\(decimals(y1, 1))\" x2=\"\(decimals(x2, 1))\" "
                + "y2=\"\(decimals(y2, 1))\" class=\"\(classes)\"/>\n")
    }

    mutating func rectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ classes: String) {
        put(
            "<rect x=\"\(decimals(x, 1))\" y=\"\(decimals(y, 1))\" width=\"\(decimals(width, 1))\" "
                + "height=\"\(decimals(height, 1))\" class=\"\(classes)\"/>\n")
    }

    mutating func path(_ data: String, _ classes: String) { put("<path d=\"\(data)\" class=\"\(classes)\"/>\n") }

    mutating func ring(_ x: Double, _ y: Double, _ classes: String) {
        put("<circle cx=\"\(decimals(x, 1))\" cy=\"\(decimals(y, 1))\" r=\"5\" class=\"\(classes)\"/>\n")
        put("<circle cx=\"\(decimals(x, 1))\" cy=\"\(decimals(y, 1))\" r=\"1.8\" class=\"dot\"/>\n")
    }

    mutating func diamond(_ x: Double, _ y: Double, _ classes: String) {
        path("M\(decimals(x, 1)) \(decimals(y - 6, 1))l6 6l-6 6l-6 -6z", classes)
    }

    /// Half a disc: the left one opens a bracket, the right one closes it.
    mutating func half(_ x: Double, _ y: Double, left: Bool, _ classes: String) {
        path("M\(decimals(x, 1)) \(decimals(y - 6, 1))a6 6 0 0 \(left ? "0" : "1") 0 12z", classes)
    }

    mutating func triangle(_ x: Double, _ y: Double, up: Bool, _ classes: String) {
        path("M\(decimals(x, 1)) \(decimals(y, 1))l5 \(up ? "9" : "-9")h-10z", classes)
    }
}
