import NimmerBus
import NimmerProcess
import NimmerWave
import Synchronization

/// The space that bridges name their messages in: a secret of 128 bits in the bucket `<ENV>-HANDLING`, which all bridges of an
/// environment share, so that of two answers to one request a stream still keeps one; and no reader of a request can store
/// something under the id of its answer first (decision 0017).
final class PrivateNames: Sendable {
    private static let key = "names.cognition-bridge"
    private let process: ServiceProcess
    private let space = Mutex(MessageID(high: .random(in: .min ... .max), low: .random(in: .min ... .max)))

    init(_ process: ServiceProcess) { self.process = process }

    /// Takes the secret that other bridges have, or makes it; in either case it is kept from now on for as long as its bucket keeps
    /// anything.
    func open() async throws(BusError) {
        let bucket = try await process.bus.keyValue(SystemStreams.handling(process.environment))
        if try await take(from: bucket) { return }
        do throws(BusError) {
            try await bucket.create(Self.key, Array(space.withLock { $0 }.text.utf8))
        } catch {
            guard error.code == .conflict, try await take(from: bucket) else { throw error }
        }
    }

    private func take(from bucket: any KeyValue) async throws(BusError) -> Bool {
        guard let entry = try await bucket.get(Self.key), !entry.isDeleted,
            let known = try? MessageID(String(decoding: entry.value, as: UTF8.self))
        else { return false }
        space.withLock { $0 = known }
        // It is as good where it cannot be kept young now.
        _ = try? await bucket.put(Self.key, entry.value)
        return true
    }

    /// Keeps the secret young until the task is cancelled: another bridge may start at any time.
    func run() async {
        while (try? await Task.sleep(for: .seconds(86_400))) != nil {
            guard let bucket = try? await process.bus.keyValue(SystemStreams.handling(process.environment)) else {
                continue
            }
            _ = try? await bucket.put(Self.key, Array(space.withLock { $0 }.text.utf8))
        }
    }

    /// The id of what is published about a request, known to bridges only until it is published.
    func id(_ kind: StaticString, _ request: MessageID) -> MessageID {
        .answer(kind, to: request, space: space.withLock { $0 })
    }
}
