import NimmerCell
import NimmerSensing

// Reading beside the pulses: the lines of a file.

extension Multivariate {
    public static func live(_ host: CellHost<Multivariate>) async throws {
        let cell = try Multivariate(host.settings)
        switch cell.source {
        case .file(let path, let columns):
            let file = FileLines(path: path)
            let notice = { (notice: FileLines.Notice) in host.report(notice, of: file) }
            // What was written while it waited for the names of the columns counts too.
            let isNew = cell.follows ? try await file.awaitFirstLine(notice) : false
            let rows = try TableRows(
                file, columns: columns, options: TableOptions(delimiter: cell.delimiter, decimal: cell.decimal))
            host.update { cell, _ in cell.call(rows.names) }
            if let remark = rows.remark { host.process.logger.warning("\(remark)") }
            var numbers = rows.numbers
            try await rows.read(every: cell.pause, follows: cell.follows, fromStart: isNew, notice: notice) {
                cells, place in
                let row = numbers.row(cells, at: place)
                host.update { cell, pulse in try cell.read(row, &pulse) }
            }
            if let report = numbers.report { host.process.logger.warning("\(report)", metadata: ["file": "\(path)"]) }
            host.update { _, pulse in pulse.endReadings() }
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

extension CellHost<Multivariate> {
    func report(_ notice: FileLines.Notice, of file: FileLines) {
        var values = ["file": file.path]
        values["reason"] = notice.reason
        let level: Logger.Level = notice == .opened ? .info : .warning
        update { _, pulse in pulse.log(level, notice.message, values) }
    }
}
