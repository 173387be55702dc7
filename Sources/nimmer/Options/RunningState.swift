import NimmerOutput
import NimmerSupervisor
import NimmerWave

extension RunState {
    /// The state of the nearest place in which a `nimmer up` runs; a place that another user prepared is named and skipped.
    static func running(_ environment: Environment) -> (state: RunState, place: RunFolder)? {
        guard let place = RunFolder.nearest(environment) else { return nil }
        do throws(Failure) {
            return try read(place).flatMap { $0.isAlive ? ($0, place) : nil }
        } catch {
            Console.error(error.printed)
            return nil
        }
    }
}
