import Synchronization

/// Lets tasks of one part of the regions that must not overlap wait for each other, in the order in which they came.
final class Turns: Sendable {
    /// Tasks that wait for a part. A part for which nothing runs is not in it.
    private let waiting = Mutex<[Int: [CheckedContinuation<Void, Never>]]>([:])

    /// Runs a body alone in a part.
    func alone<Result, Failure: Error>(
        in part: Int, _ body: () async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        await begin(part)
        defer { end(part) }
        return try await body()
    }

    private func begin(_ part: Int) async {
        await withCheckedContinuation { continuation in
            let isFree = waiting.withLock { waiting -> Bool in
                guard waiting[part] != nil else {
                    waiting[part] = []
                    return true
                }
                waiting[part]?.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    private func end(_ part: Int) {
        let next = waiting.withLock { waiting -> CheckedContinuation<Void, Never>? in
            guard waiting[part]?.isEmpty ?? true else { return waiting[part]?.removeFirst() }
            waiting[part] = nil
            return nil
        }
        next?.resume()
    }
}
