import NimmerWave
import Synchronization

/// Keeper of what a garden has counted: writes what has changed, and states that nothing was missed only behind a state that is whole.
package final class GardenKeeper: Sendable {
    /// Writes a value under a key.
    package typealias Put = @Sendable (_ key: String, _ value: [UInt8]) async throws -> Void

    private let put: Put
    private let written = Mutex<[String: [UInt8]]>([:])
    private let failure = Mutex<String?>(nil)

    package init(_ put: @escaping Put) { self.put = put }

    /// Reason why the last write failed; nil where it did not.
    package var trouble: String? { failure.withLock { $0 } }

    /// Writes values in their order, those that are there already left alone, and then the moment until which nothing was missed.
    ///
    /// - Parameters:
    ///   - state: what is to be kept; nil where nothing has changed since it was last written.
    ///   - moment: the present when the state was taken.
    /// - Returns: whether all was written. What was not is to be written again, as it is then.
    package func keep(_ state: GardenSnapshot?, at moment: Timestamp) async -> Bool {
        let values = (state?.encoded ?? []) + [(VirtualGarden.aliveKey, VirtualGarden.alive(moment))]
        for (key, value) in values where written.withLock({ $0[key] }) != value {
            do {
                try await put(key, value)
                written.withLock { $0[key] = value }
            } catch {
                failure.withLock { $0 = "\(error)" }
                return false
            }
        }
        failure.withLock { $0 = nil }
        return true
    }
}
