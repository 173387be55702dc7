import NimmerCell
import NimmerSensing

// Reading beside the pulses: the lines of a file.

extension Multivariate {
    public static func live(_ host: CellHost<Multivariate>) async throws {
        let cell = try Multivariate(host.settings)
        switch cell.source {
        case .file(let path, let columns):
            let rows = try TableRows(
                FileLines(path: path), columns: columns,
                options: TableOptions(delimiter: cell.delimiter, decimal: cell.decimal))
            host.update { cell, _ in cell.call(rows.names) }
            var numbers = rows.numbers
            try await rows.read(every: cell.pause, follows: cell.follows) { cells in
                let row = numbers.row(cells)
                host.update { cell, pulse in cell.read(row, &pulse) }
            }
            if let report = numbers.report { host.process.logger.warning("\(report)", metadata: ["file": "\(path)"]) }
            host.process.logger.info("The file has ended", metadata: ["file": "\(path)"])
        case .subjects: break
        case .none: try cell.checkSource()
        }
    }

    public func checkSource() throws {
        guard case .none = source else { return }
        throw Refusal(.missing, field: "subjects", "one of subjects and file must be set: where numbers come from")
    }
}
