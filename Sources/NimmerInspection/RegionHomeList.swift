import NimmerBus
import NimmerOutput
import NimmerWave

/// Homes of regions as the thalamus answers them (spec/iris.md, Regions that mean the same).
package struct RegionHomeList: Sendable {
    /// One region.
    package struct Row: Sendable {
        private let row: JSON

        init(_ row: JSON) { self.row = row.resolved }

        package var region: String { row["region"]?.string ?? "" }
        package var home: String { row["home"]?.string ?? "" }
        /// Reason of its home, and that it stays.
        package var words: String {
            let reason = (row["reason"]?.string ?? "").replacing("_", with: " ")
            let note = row["note"]?.string.map { ": \($0)" } ?? ""
            return reason + (row["pinned"]?.bool == true && reason != "pinned" ? ", pinned" : "") + note
        }
        package var cosine: String { row["cosine"]?.double.map { decimals($0, 2) } ?? "" }
        package var required: String {
            row["required"]?.double.map { decimals($0, 2) } ?? (row["cosine"] == nil ? "" : "apart")
        }
        package var nearest: String { row["nearest"]?.string ?? "" }
        package var by: String { row["by"]?.string ?? "" }
        package var model: String { row["model"]?.string ?? "" }
    }

    /// The answers, joined.
    package private(set) var json: JSON
    /// The regions, by their homes and then by name.
    package let rows: [Row]

    init(_ head: JSON, _ rows: [JSON]) {
        var object = head.resolved.object ?? [:]
        object["regions"] = .array(rows)
        json = .object(object)
        self.rows = rows.map { Row($0) }.sorted { ($0.home, $0.region) < ($1.home, $1.region) }
    }

    /// Lines below the table.
    package var notes: [String] {
        var notes: [String] = []
        if let model = json["model"]?.string { notes.append("model \(model)") }
        if let dropped = json["waves_dropped"]?.int, dropped > 0 {
            notes.append("\(count(dropped, "wave")) of regions without a home dropped: too many waited")
        }
        return notes
    }
}

extension Bus {
    /// Asks the thalamus about homes of regions, or to change one.
    package func askRegions(_ environment: Environment, _ command: String, _ payload: JSON) async throws -> JSON {
        let name = try Token("thalamus")
        let answer = try await ask(
            .request(environment, cell: name), of: .init("service", name), command, payload, seconds: 10)
        guard answer.status == .ok else {
            throw Failure(
                .failed, (answer.error ?? answer.result.text),
                remedy: "`nimmer region list` shows where regions live")
        }
        return answer.result
    }

    /// The homes of all regions, in as many answers as it takes.
    package func homesOfRegions(_ environment: Environment) async throws -> RegionHomeList {
        var rows: [JSON] = []
        while true {
            let answer = try await askRegions(environment, "homes", ["from": .number(Double(rows.count))]).resolved
            let part = answer["regions"]?.array ?? []
            rows += part
            if part.isEmpty || rows.count >= answer["total"]?.int ?? 0 { return RegionHomeList(answer, rows) }
        }
    }
}
