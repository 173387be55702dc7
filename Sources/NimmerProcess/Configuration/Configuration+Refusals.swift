import NimmerSystem
import NimmerWave

extension Configuration {
    /// Holds the settings against what a process can use: every setting alone was in order, and these make no sense to it.
    ///
    /// Where one is refused, the next is looked for with the default in its place, so that all are named at once.
    ///
    /// - Parameter check: throws a `Refusal` that names the setting as its field.
    /// - Throws: a ``ProcessFailure`` with a line for each, with its place in the system file; what else `check` throws.
    func examine(_ check: (Configuration) throws -> Void) throws {
        var trial = self
        var reasons: [String] = []
        var refused: Set<String> = []
        while true {
            do {
                try check(trial)
                break
            } catch let refusal as Refusal {
                let setting = declared.all.first { $0.key == refusal.field }
                let isOwn = setting.map { settings.layer($0.key) != .standard && !refused.contains($0.key) } ?? false
                // What is missing once a default stands there follows from the first, and is no mistake of its own.
                guard reasons.isEmpty || isOwn else { break }
                reasons.append(reason(of: refusal))
                guard let setting, isOwn, !setting.isRequired else { break }
                refused.insert(setting.key)
                trial.settings.reset(setting)
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

    private func reason(of refusal: Refusal) -> String {
        guard let system, let mark = marks[refusal.field], settings.layer(refusal.field) == .file else {
            return refusal.description
        }
        return "\(system.file):\(mark): the setting '\(refusal.field)' of \(name): \(refusal)"
    }
}
