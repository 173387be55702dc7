import Logging
import NimmerBus
import NimmerProcess
import NimmerWave
import Synchronization

/// The bucket in which the garden keeps what it has counted.
final class GardenStore: Sendable {
    private let process: ServiceProcess
    private let bucket = Mutex<(any KeyValue)?>(nil)
    private let written = Mutex<[String: [UInt8]]>([:])
    private let failure = Mutex<String?>(nil)

    init(_ process: ServiceProcess) { self.process = process }

    /// Reason why the last write failed; nil where it did not.
    var trouble: String? { failure.withLock { $0 } }

    /// Makes the bucket where it is missing.
    func open() async throws(BusError) {
        let opened = try await process.bus.keyValue(SystemStreams.garden(process.environment))
        bucket.withLock { $0 = opened }
    }

    /// All values, by key.
    func read() async throws(BusError) -> [String: [UInt8]] {
        guard let bucket = bucket.withLock({ $0 }) else { return [:] }
        let entries = try await bucket.entries()
        return Dictionary(entries.map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })
    }

    /// Writes values in their order; those that are there already are left alone. What cannot be written now is with the next change.
    func write(_ values: [(key: String, value: [UInt8])]) async {
        guard let bucket = bucket.withLock({ $0 }) else { return }
        for (key, value) in values where written.withLock({ $0[key] }) != value {
            do throws(BusError) {
                try await bucket.put(key, value)
                written.withLock { $0[key] = value }
                failure.withLock { $0 = nil }
            } catch {
                let isNew = failure.withLock { failure in
                    defer { failure = error.description }
                    return failure == nil
                }
                if isNew {
                    process.logger.warning("What was counted is not kept", metadata: ["reason": "\(error)"])
                }
                return
            }
        }
    }
}
