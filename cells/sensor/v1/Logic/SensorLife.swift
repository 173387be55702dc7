import NimmerCell
import NimmerSensing

// Reading beside the pulses: the lines of a program or of a file.

extension Sensor {
    public static func live(_ host: CellHost<Sensor>) async throws {
        let sensor = try Sensor(host.settings)
        switch sensor.source {
        case .command(let command): try await run(command, sensor, host)
        case .file(let path): try await read(FileLines(path: path), sensor, host)
        case .subject: break
        case .none: try sensor.checkSource()
        }
    }

    public func checkSource() throws {
        if case .command(let command) = source { try CommandLines.check(command) }
        guard source == .none else { return }
        throw Refusal(
            .missing, field: "subject", "one of subject, command and file must be set: where numbers come from")
    }

    private static func run(_ command: [String], _ sensor: Sensor, _ host: CellHost<Sensor>) async throws {
        let path = sensor.path
        while !Task.isCancelled {
            host.update { sensor, _ in sensor.beginLines() }
            let status = try await CommandLines.run(command) { line in host.takeNext(line, path) }
            if Task.isCancelled { return }
            if status != 0 {
                host.process.logger.warning(
                    "The command failed, starting it again",
                    metadata: ["command": "\(command.joined(separator: " "))", "status": "\(status)"])
            }
            try await Task.sleep(for: .milliseconds(max(10, sensor.pause)))
        }
    }

    private static func read(_ file: FileLines, _ sensor: Sensor, _ host: CellHost<Sensor>) async throws {
        let path = sensor.path
        let notice = { (notice: FileLines.Notice) in host.report(notice, of: file) }
        guard let column = sensor.column else {
            if sensor.follows {
                return try await file.follow(fromStart: false, notice: notice) { host.take($0, path, at: nil) }
            }
            try await file.read(every: sensor.pause) { host.takeNext($0, path) }
            host.update { _, pulse in pulse.endReadings() }
            host.process.logger.info("The file has ended", metadata: ["file": "\(file.path)"])
            return
        }
        // What was written while it waited for the names of the columns counts too.
        let isNew = sensor.follows ? try await file.awaitFirstLine(notice) : false
        let rows = try TableRows(
            file, columns: [column], options: TableOptions(delimiter: sensor.delimiter, decimal: sensor.decimal))
        if let remark = rows.remark { host.process.logger.warning("\(remark)") }
        let marks = rows.numbers
        host.update { sensor, _ in sensor.read(as: marks) }
        try await rows.read(every: sensor.pause, follows: sensor.follows, fromStart: isNew, notice: notice) {
            cells, place in
            host.take(Array(cells[0]), "", at: "\(place)column \(rows.names[0])")
        }
        host.update { _, pulse in pulse.endReadings() }
        host.process.logger.info("The file has ended", metadata: ["file": "\(file.path)"])
    }
}

extension CellHost<Sensor> {
    func report(_ notice: FileLines.Notice, of file: FileLines) {
        var values = ["file": file.path]
        values["reason"] = notice.reason
        let level: Logger.Level = notice == .opened ? .info : .warning
        update { _, pulse in pulse.log(level, notice.message, values) }
    }

    /// Takes a line or a cell of a table; one that holds no number is a fault of that look, and the next one comes.
    ///
    /// - Parameter place: its place, for the log; nil where it has none.
    func take(_ text: [UInt8], _ path: String, at place: String?) {
        update { sensor, pulse in try PlacedFailure.at(place) { try sensor.read(text, path: path, &pulse) } }
    }

    /// Takes the line behind the last one.
    func takeNext(_ line: [UInt8], _ path: String) {
        update { sensor, pulse in try sensor.read(nextLine: line, path: path, &pulse) }
    }
}
