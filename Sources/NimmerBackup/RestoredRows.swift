import NimmerOutput
import Synchronization

/// The rows of a backup, table by table, as a database takes them.
package final class RestoredRows: Sendable {
    private struct State {
        var places: [Int]
        var failure: Failure?
    }

    private let file: BackupFile
    private let state: Mutex<State>

    package init(_ index: BackupIndex, _ file: BackupFile) {
        self.file = file
        state = Mutex(State(places: index.tables.map(\.place)))
    }

    /// Reason why no more rows came; nil while they do.
    package var failure: Failure? { state.withLock { $0.failure } }

    /// The next rows of a table; nil behind the last.
    ///
    /// - Throws: ``Failure`` where the file cannot be read, which ``failure`` then reports, too.
    package func next(of table: Int) throws(Failure) -> [UInt8]? {
        try state.withLock { (state) throws(Failure) in
            do throws(Failure) {
                let found = try file.record(at: state.places[table])
                guard found.record.kind == .rows else { return nil }
                state.places[table] = found.next
                return found.record.body
            } catch {
                state.failure = error
                throw error
            }
        }
    }
}
