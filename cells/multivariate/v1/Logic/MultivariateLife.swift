import NimmerCell
import NimmerSensing

// Reading beside the pulses: the lines of a file.

extension Multivariate {
    public static func live(_ host: CellHost<Multivariate>) async throws {
        let cell = try Multivariate(host.settings)
        switch cell.source {
        case .file(let path, let columns):
            let rows = try TableRows(FileLines(path: path), columns: columns, delimiter: cell.delimiter)
            host.update { cell, _ in cell.call(rows.names) }
            try await rows.read(every: cell.pause, follows: cell.follows) { cells in
                host.update { cell, pulse in cell.read(cells.map { NumberText.number(in: $0) ?? .nan }, &pulse) }
            }
            host.process.logger.info("The file has ended", metadata: ["file": "\(path)"])
        case .subjects: break
        case .none:
            throw ProcessFailure(
                .configuration,
                "\(host.process.name): one of subjects and file must be set: where numbers come from")
        }
    }
}
