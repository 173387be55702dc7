import NimmerBus
import NimmerProcess
import NimmerWave
import Synchronization

/// The bucket in which the garden keeps what it has counted.
final class GardenStore: Sendable {
    private let process: ServiceProcess
    private let bucket = Mutex<(any KeyValue)?>(nil)

    init(_ process: ServiceProcess) { self.process = process }

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

    /// Writes a value.
    func put(_ key: String, _ value: [UInt8]) async throws(BusError) {
        guard let bucket = bucket.withLock({ $0 }) else { return }
        try await bucket.put(key, value)
    }
}
