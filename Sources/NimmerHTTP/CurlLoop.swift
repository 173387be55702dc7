import CCurl
import NimmerPlatform
import Synchronization

/// The one thread of a process on which libcurl runs: transfers are added, resumed and removed by orders, and a wake-up of
/// `curl_multi_wakeup` has it look at them. While there is no transfer it sleeps.
///
/// Starts with the first question and lives as long as the process.
package final class CurlLoop: Sendable {
    package static let shared = CurlLoop()
    /// The thread's name in process listings; at most 15 bytes.
    static let threadName = "http client"

    private enum Order: Sendable {
        case add(Transfer)
        case resume(Transfer)
        case remove(Transfer)
        case removeAll(ObjectIdentifier, CheckedContinuation<Void, Never>)
    }

    private let orders = Mutex<[Order]>([])
    /// libcurl's multi handle. Unsafe, and right: only the loop's thread uses it, except for `curl_multi_wakeup`, which any thread may call.
    nonisolated(unsafe) private let multi: UnsafeMutableRawPointer

    private init() {
        curl_global_init(Int(CURL_GLOBAL_ALL))
        guard let multi = curl_multi_init() else { preconditionFailure("libcurl cannot start: no memory") }
        self.multi = multi
        // libcurl and its TLS library choose how deep they go: the system's stack.
        do throws(SystemCallError) { try OwnThread.start(Self.threadName, stack: nil) { self.run() } } catch {
            preconditionFailure("\(error)")
        }
    }

    /// Starts a transfer.
    package func add(_ transfer: Transfer) { order(.add(transfer)) }

    /// Has a paused transfer continue.
    func resume(_ transfer: Transfer) { order(.resume(transfer)) }

    /// Closes the connection of a transfer.
    func remove(_ transfer: Transfer) { order(.remove(transfer)) }

    /// Cancels every transfer of an owner, and returns when their connections are closed.
    package func removeAll(of owner: ObjectIdentifier) async {
        await withCheckedContinuation { order(.removeAll(owner, $0)) }
    }

    private func order(_ order: Order) {
        orders.withLock { $0.append(order) }
        curl_multi_wakeup(multi)
    }

    private func run() -> Never {
        var handles: [ObjectIdentifier: CurlHandle] = [:]
        while true {
            let orders = orders.withLock { orders in
                defer { orders = [] }
                return orders
            }
            for order in orders { carryOut(order, &handles) }
            var running: Int32 = 0
            let code = curl_multi_perform(multi, &running)
            if code != CURLM_OK {
                let words = String(cString: curl_multi_strerror(code))
                for handle in handles.values { end(handle, .other(words), &handles) }
            }
            endFinished(&handles)
            // libcurl shortens the wait to what its own timers ask for.
            curl_multi_poll(multi, nil, 0, .max, nil)
        }
    }

    private func carryOut(_ order: Order, _ handles: inout [ObjectIdentifier: CurlHandle]) {
        switch order {
        case .add(let transfer):
            guard let handle = CurlHandle(transfer, now: .now), curl_multi_add_handle(multi, handle.easy) == CURLM_OK
            else { return transfer.finish(.other("libcurl cannot take the question")) }
            handles[ObjectIdentifier(transfer)] = handle
        case .resume(let transfer):
            if let handle = handles[ObjectIdentifier(transfer)] { curl_easy_pause(handle.easy, CURLPAUSE_CONT) }
        case .remove(let transfer):
            if let handle = handles[ObjectIdentifier(transfer)] { end(handle, .cancelled, &handles) }
        case .removeAll(let owner, let closed):
            for handle in handles.values where handle.transfer.request.owner == owner {
                end(handle, .cancelled, &handles)
            }
            closed.resume()
        }
    }

    private func endFinished(_ handles: inout [ObjectIdentifier: CurlHandle]) {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE,
                let handle = handles.values.first(where: { $0.easy == message.pointee.easy_handle })
            else { continue }
            let code = message.pointee.data.result
            end(handle, code == CURLE_OK ? nil : handle.failure(code), &handles)
        }
    }

    /// Closes a transfer's connection first, so that a reader that sees the end sees a closed connection.
    private func end(
        _ handle: CurlHandle, _ failure: TransferFailure?, _ handles: inout [ObjectIdentifier: CurlHandle]
    ) {
        handles[ObjectIdentifier(handle.transfer)] = nil
        curl_multi_remove_handle(multi, handle.easy)
        handle.transfer.finish(failure)
    }
}
