import NimmerSystem
import NimmerWave

/// Drawing of a system: its cells, nerves, regions and commands, and what leads from one to the other.
///
/// Waves go from left to right: cells, the nerves that hear them, regions, the bridge, commands.
package struct SystemDrawing: Sendable {
    /// Part of a system.
    package struct Node: Hashable, Sendable {
        /// Kinds of parts, in the order in which they are drawn.
        package enum Kind: Int, CaseIterable, Sendable { case cell, nerve, region, bridge, command }

        package var kind: Kind
        /// Name in the system file.
        package var name: String
        /// Description under its name; empty for none.
        package var about = ""

        /// Its name in a drawing, where a cell and a region may have the same.
        var id: String { "\(kind):\(name)" }
    }

    /// Way from one part to another.
    package struct Edge: Hashable, Sendable {
        /// Identification of the part where it begins.
        package var from: String
        /// Identification of the part where it ends.
        package var to: String
        /// Label: the region that waves name, the event, or `asks`; empty for none.
        package var about = ""
    }

    package private(set) var nodes: [Node] = []
    package private(set) var edges: [Edge] = []
    private let title: String

    package init(_ checked: CheckedSystem) {
        let system = checked.system
        title = system.name
        for cell in system.cells { nodes.append(Node(kind: .cell, name: cell.name, about: Self.about(cell))) }
        for nerve in system.nerves { nodes.append(Node(kind: .nerve, name: nerve.name, about: Self.about(nerve))) }
        for organism in checked.organisms { addWaves(of: organism, checked) }
        addCommands(system)
    }

    private static func about(_ organism: Organism) -> String {
        organism.kind.isEmpty ? organism.command.first ?? "" : organism.kind
    }

    private mutating func add(_ node: Node) {
        if !nodes.contains(where: { $0.id == node.id }) { nodes.append(node) }
    }

    private mutating func add(_ edge: Edge) {
        if !edges.contains(edge) { edges.append(edge) }
    }

    private func id(of name: String) -> String? {
        nodes.first { $0.name == name && ($0.kind == .cell || $0.kind == .nerve) }?.id
    }

    private mutating func addWaves(of organism: Organism, _ checked: CheckedSystem) {
        guard let own = id(of: organism.name) else { return }
        var manifest: ProgramManifest?
        if case .manifest(let answer)? = checked.manifests[organism.name] { manifest = answer }
        let named = ["region", "domain"].lazy.compactMap { key in
            organism.settings.first { $0.key == key }?.value.text
        }.first
        let kind = organism.kind.isEmpty ? organism.name : organism.kindName
        let text = manifest.flatMap { $0.region.isEmpty ? nil : $0.region } ?? named ?? kind
        if let region = try? Region(text) {
            let home = checked.system.home(of: region)
            let node = Node(kind: .region, name: home.text)
            add(node)
            add(Edge(from: own, to: node.id, about: home == region ? "" : region.text))
        }
        for heard in manifest?.hears ?? [] {
            if let from = id(of: heard) { add(Edge(from: from, to: own)) }
        }
        for asked in manifest?.asks ?? [] {
            let node = Node(kind: .command, name: asked)
            add(node)
            add(Edge(from: own, to: node.id, about: "asks"))
        }
    }

    private mutating func addCommands(_ system: SystemFile) {
        let bridge = Node(kind: .bridge, name: "cognition bridge", about: system.bridge.commands.rawValue)
        add(bridge)
        for region in nodes where region.kind == .region {
            let event = system.bridge.events.first { (try? SubjectPattern($0.region))?.matches(region.name) == true }
            add(Edge(from: region.id, to: bridge.id, about: event?.eventType ?? ""))
        }
        for allowed in system.bridge.allow {
            let node = Node(kind: .command, name: allowed.target + (allowed.command.map { ".\($0)" } ?? ".*"))
            add(node)
            add(Edge(from: bridge.id, to: node.id))
        }
    }

    // MARK: Graphviz

    /// The drawing in Graphviz's language.
    package var dot: String {
        var text = "digraph \(Self.quoted(title)) {\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n"
        for node in nodes {
            let label = node.about.isEmpty ? node.name : "\(node.name)\n\(node.about)"
            text += "  \(Self.quoted(node.id)) [label=\(Self.quoted(label)), shape=\(Self.shape(node.kind))];\n"
        }
        for edge in edges {
            let label = edge.about.isEmpty ? "" : " [label=\(Self.quoted(edge.about))]"
            text += "  \(Self.quoted(edge.from)) -> \(Self.quoted(edge.to))\(label);\n"
        }
        // A command goes back to the cell or nerve that answers it.
        for node in nodes where node.kind == .command {
            guard let target = id(of: String(node.name.prefix { $0 != "." })) else { continue }
            text += "  \(Self.quoted(node.id)) -> \(Self.quoted(target)) [style=dashed, constraint=false];\n"
        }
        return text + "}\n"
    }

    private static func shape(_ kind: Node.Kind) -> String {
        switch kind {
        case .cell: "box"
        case .nerve: "hexagon"
        case .region: "ellipse"
        case .bridge: "house"
        case .command: "cds"
        }
    }

    /// A text in quotes, as Graphviz reads it.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for character in text {
            switch character {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            default: quoted += String(character).visible()
            }
        }
        return quoted + "\""
    }

    // MARK: SVG

    private static let box = (width: 190.0, height: 40.0)
    private static let gap = (x: 90.0, y: 16.0)
    private static let margin = 24.0

    /// The drawing as SVG.
    package var svg: String {
        var places: [String: (x: Double, y: Double)] = [:]
        let columns = Node.Kind.allCases.map { kind in nodes.filter { $0.kind == kind } }.filter { !$0.isEmpty }
        let rows = Double(columns.map(\.count).max() ?? 1)
        let height = rows * (Self.box.height + Self.gap.y) - Self.gap.y
        for (column, members) in columns.enumerated() {
            let own = Double(members.count) * (Self.box.height + Self.gap.y) - Self.gap.y
            for (row, node) in members.enumerated() {
                places[node.id] = (
                    Self.margin + Double(column) * (Self.box.width + Self.gap.x),
                    2 * Self.margin + (height - own) / 2 + Double(row) * (Self.box.height + Self.gap.y)
                )
            }
        }
        let width = 2 * Self.margin + Double(columns.count) * (Self.box.width + Self.gap.x) - Self.gap.x
        var text = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.whole(width)) \(Self.whole(height + 3 * Self.margin))" \
            width="\(Self.whole(width))" font-family="sans-serif" font-size="12">
            <style>
            .ground { fill: #ffffff } text { fill: #1c2128 } .about { fill: #656d76; font-size: 10px }
            .edge { fill: none; stroke: #8c959f } .cell { fill: #ddf4ff } .nerve { fill: #fff8c5 }
            .region { fill: #dafbe1 } .bridge { fill: #fbefff } .command { fill: #ffebe9 } rect { stroke: #8c959f }
            </style>
            <rect class="ground" width="100%" height="100%" stroke="none"/>
            <text x="\(Self.whole(Self.margin))" y="\(Self.whole(Self.margin))">\(Self.escaped(title))</text>

            """
        for edge in edges {
            guard let from = places[edge.from], let to = places[edge.to] else { continue }
            text += Self.line(from, to, edge.about)
        }
        for node in nodes {
            guard let place = places[node.id] else { continue }
            let radius = node.kind == .region ? Self.box.height / 2 : 4
            text += """
                <rect class="\(node.kind)" x="\(Self.whole(place.x))" y="\(Self.whole(place.y))" width="\(Self.whole(Self.box.width))" \
                height="\(Self.whole(Self.box.height))" rx="\(Self.whole(radius))"><title>\(Self.escaped(node.name))</title></rect>
                <text x="\(Self.whole(place.x + 10))" y="\(Self.whole(place.y + (node.about.isEmpty ? 24 : 17)))">\
                \(Self.escaped(Self.cut(node.name, 24)))</text>

                """
            if !node.about.isEmpty {
                text +=
                    "<text class=\"about\" x=\"\(Self.whole(place.x + 10))\" y=\"\(Self.whole(place.y + 32))\">"
                    + "\(Self.escaped(Self.cut(node.about, 28)))</text>\n"
            }
        }
        return text + "</svg>\n"
    }

    private static func whole(_ number: Double) -> Int { Int(saturating: number) }

    /// A curve from the right side of a box to the left side of another.
    private static func line(_ from: (x: Double, y: Double), _ to: (x: Double, y: Double), _ about: String) -> String {
        let start = (x: from.x + box.width, y: from.y + box.height / 2)
        let end = (x: to.x, y: to.y + box.height / 2)
        let bend = max(30, (end.x - start.x) / 2)
        let data =
            "M\(Self.whole(start.x)) \(Self.whole(start.y))C\(Self.whole(start.x + bend)) \(Self.whole(start.y)) \(Self.whole(end.x - bend)) \(Self.whole(end.y)) "
            + "\(Self.whole(end.x)) \(Self.whole(end.y))"
        let label =
            about.isEmpty
            ? ""
            : "<text class=\"about\" text-anchor=\"end\" x=\"\(Self.whole(end.x - 6))\" y=\"\(Self.whole(end.y - 4))\">"
                + "\(escaped(cut(about, 16)))</text>\n"
        return "<path class=\"edge\" d=\"\(data)\"/>\n\(label)"
    }

    private static func cut(_ text: String, _ limit: Int) -> String {
        text.count > limit ? text.prefix(limit - 1) + "…" : text
    }

    private static func escaped(_ text: String) -> String { text.visible().escapedForXML }
}
