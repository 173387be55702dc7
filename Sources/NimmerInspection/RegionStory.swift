import NimmerOutput
import NimmerWave

/// Lines about where a region lives and why.
package struct RegionStory: Sendable {
    /// The lines.
    package let lines: [TerminalText]

    /// - Parameter report: the answer of the thalamus to `home`.
    package init(_ report: JSON, _ paint: Paint) {
        let region = report["region"]?.string ?? ""
        var lines: [TerminalText] = []
        if let home = report["home"]?.string {
            lines.append(paint(.strong, "\(region) lives in \(home)"))
            let others = (report["members"]?.array ?? []).compactMap(\.string).filter { $0 != region && $0 != home }
            if !others.isEmpty { lines.append("  with \(others.joined(separator: ", "))") }
        } else {
            lines.append(paint(.strong, "\(region) has no home: no wave has named it yet"))
        }
        if report["declared"]?.bool == true {
            lines.append("  the system file declares it (thalamus.regions)")
        } else if let decision = report["decision"] {
            let reason = (decision["reason"]?.string ?? "").replacing("_", with: " ")
            lines.append(
                "  \(reason) by \(decision["by"]?.string ?? "") at \(decision["at"]?.string ?? ""), decision \(decision["revision"]?.int ?? 0)"
            )
            if let note = decision["note"]?.string { lines.append("  without an embedding: \(note)") }
        }
        let near = report["nearest"]?.array ?? []
        if let note = report["note"]?.string {
            lines.append("  it cannot be compared now: \(note)")
        } else if near.isEmpty {
            lines.append("  there is no other home of its model to compare it with")
        } else {
            lines.append("  nearest now, by \(report["model"]?.string ?? ""):")
        }
        for home in near.map(\.resolved) {
            let cosine = decimals(home["cosine"]?.double ?? 0, 2)
            let needed = home["required"]?.double.map { "\(decimals($0, 2)) needed" } ?? "no cosine is enough"
            let joins = home["joins"]?.bool == true ? "near enough" : "too far"
            lines.append(
                "    \(home["home"]?.string ?? "")  \(cosine)  \(needed)  \(joins): \(Self.words(of: home["relation"]?.string ?? ""))"
            )
        }
        self.lines = lines
    }

    /// The relation of two names, for a person.
    package static func words(of relation: String) -> String {
        switch relation {
        case "linked": "the dictionary links their words"
        case "apart": "they name other things of one kind, or other numbers"
        default: "the dictionary does not relate their words"
        }
    }
}
