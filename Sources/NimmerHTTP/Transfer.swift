import Synchronization

/// One question and its answer, between the thread of ``CurlLoop`` and the task that reads.
///
/// A task that is cancelled while it waits cancels the transfer, which closes its connection.
package final class Transfer: Sendable {
    private struct Storage {
        var state = TransferState()
        /// Counts what the loop did, so that a reader sees what happened between its look and its wait.
        var changes = 0
        var reader: CheckedContinuation<Void, Never>?
    }

    package let request: TransferRequest
    private let storage = Mutex(Storage())

    package init(_ request: TransferRequest) { self.request = request }

    /// The head of the answer.
    package func head() async throws(TransferFailure) -> HTTPHead { try await step { $0.head() } }

    /// More of the body; nil once it is over.
    package func next() async throws(TransferFailure) -> [UInt8]? {
        guard let piece = try await step({ $0.next() }) else { return nil }
        if piece.resumes { CurlLoop.shared.resume(self) }
        return piece.bytes
    }

    /// Ends the transfer and closes its connection; nothing happens when it is over.
    package func cancel() {
        let wasOver = change { state in
            defer { state.finish(.cancelled) }
            return state.isOver
        }
        if !wasOver { CurlLoop.shared.remove(self) }
    }

    func receive(line: UnsafeRawBufferPointer) -> Bool { change { $0.receive(line: line) } }
    func receive(body: UnsafeRawBufferPointer) -> TransferState.Intake { change { $0.receive(body: body) } }
    func finish(_ failure: TransferFailure?) { change { $0.finish(failure) } }

    private func change<Result: Sendable>(_ body: (inout TransferState) -> Result) -> Result {
        let (result, reader) = storage.withLock { storage in
            let result = body(&storage.state)
            storage.changes += 1
            defer { storage.reader = nil }
            return (result, storage.reader)
        }
        reader?.resume()
        return result
    }

    private func step<Value: Sendable>(
        _ look: @Sendable (inout TransferState) -> TransferState.Step<Value>
    ) async throws(TransferFailure) -> Value {
        while true {
            let (step, seen) = storage.withLock { (look(&$0.state), $0.changes) }
            switch step {
            case .ready(let value): return value
            case .failed(let failure): throw failure
            case .waiting: await change(after: seen)
            }
        }
    }

    private func change(after seen: Int) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isLate = storage.withLock { storage in
                    if storage.changes == seen { storage.reader = continuation }
                    return storage.changes != seen
                }
                if isLate { continuation.resume() }
            }
        } onCancel: {
            cancel()
        }
    }
}
