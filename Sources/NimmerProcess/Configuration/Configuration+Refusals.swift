import NimmerSystem
import NimmerWave

extension Configuration {
    /// Holds the settings against what a process can use: every setting alone was in order, and these make no sense to it.
    ///
    /// After a refusal the next is looked for with the default in its place, or without the row of a table, so that all are
    /// named at once, behind those that the system file has by itself.
    ///
    /// - Parameter check: throws a `Refusal` that names the setting, or `setting.row`, as its field.
    /// - Throws: a ``ProcessFailure`` with a line for each, with its place in the system file; what else `check` throws.
    func examine(_ check: (Configuration) throws -> Void) throws {
        var trial = self
        var reasons = mistakes.map(\.description)
        var refused: Set<String> = []
        while true {
            do {
                try check(trial)
                break
            } catch let refusal as Refusal {
                let field = refusal.field
                let (key, row) = Self.parts(field)
                let setting = declared.all.first { $0.key == key }
                let isOwn = setting.map { settings.layer($0.key) != .standard && !refused.contains(field) } ?? false
                // What is missing once a default stands there follows from the first, and is no mistake of its own.
                guard reasons.isEmpty || isOwn else { break }
                if refusal.code != .missing || !refused.contains(where: { Self.isMissed($0, by: field) }) {
                    reasons.append(reason(of: refusal))
                }
                guard let setting, isOwn, row != nil || !setting.isRequired else { break }
                refused.insert(field)
                if let row {
                    guard trial.settings.remove(row: row, of: setting) else { break }
                } else {
                    trial.settings.reset(setting)
                }
            } catch {
                if reasons.isEmpty { throw error }
                break
            }
        }
        guard let first = reasons.first else { return }
        var failure = ProcessFailure(.configuration, first)
        failure.others = Array(reasons.dropFirst())
        throw failure
    }

    /// The setting that a field names, and the row of its table: `body.stop` is the row `stop` of `body`.
    private static func parts(_ field: String) -> (key: String, row: String?) {
        field.halves(around: ".").map { ($0.before, $0.after) } ?? (field, nil)
    }

    /// Returns whether a field can lack what was refused: a table one of its rows, a row the one of its name in another table.
    private static func isMissed(_ refused: String, by field: String) -> Bool {
        let (from, to) = (parts(refused), parts(field))
        return from.row != nil && (to.row == nil ? from.key == to.key : from.row == to.row)
    }

    private func reason(of refusal: Refusal) -> String {
        let key = Self.parts(refusal.field).key
        guard let system, let mark = marks[refusal.field] ?? marks[key], settings.layer(key) == .file else {
            return refusal.description
        }
        return "\(system.file):\(mark): the setting '\(refusal.field)' of \(name): \(refusal)"
    }
}
