import CNATS
import Glibc
import NimmerBus
import NimmerWave

/// The subscription to the inbox of a bus, with a callback on a thread of nats.c.
///
/// Not read by the loop like all others, because `natsSubscription_NextMsg` swallows the message for "no responders" to
/// a subject, and with it the request.
final class AnswerSubscription {
    private let handle: OpaquePointer
    /// Keeps the connection until this is freed.
    private let connection: NATSConnection

    init?(_ inbox: Inbox, on connection: NATSConnection) {
        var made: OpaquePointer?
        // Released in `onAnswersOver`, which nats.c calls once no callback will follow, or here when there is no subscription.
        let box = Unmanaged.passRetained(inbox)
        guard natsConnection_Subscribe(&made, connection.handle, inbox.pattern, onAnswer, box.toOpaque()) == NATS_OK,
            let handle = made
        else {
            box.release()
            return nil
        }
        natsSubscription_SetOnCompleteCB(handle, onAnswersOver, box.toOpaque())
        natsSubscription_SetPendingLimits(handle, 1 << 20, 256 << 20)
        self.handle = handle
        self.connection = connection
    }

    deinit { natsSubscription_Destroy(handle) }

    func startDrain(milliseconds: Int64) { natsSubscription_DrainTimeout(handle, milliseconds) }

    var isDrained: Bool { natsSubscription_DrainCompletionStatus(handle) != NATS_ILLEGAL_STATE }
}

private func onAnswer(
    connection: OpaquePointer?, subscription: OpaquePointer?, message: OpaquePointer?, closure: UnsafeMutableRawPointer?
) {
    guard let message, let closure else { return }
    let inbox = Unmanaged<Inbox>.fromOpaque(closure).takeUnretainedValue()
    let copy = BusMessage(copying: message, at: .now())
    natsMsg_Destroy(message)
    inbox.deliver(copy)
}

private func onAnswersOver(closure: UnsafeMutableRawPointer?) {
    guard let closure else { return }
    Unmanaged<Inbox>.fromOpaque(closure).release()
}

extension BusMessage {
    /// A copy of a message of nats.c.
    init(copying message: OpaquePointer, at: Timestamp) {
        let payload = UnsafeRawBufferPointer(
            start: natsMsg_GetData(message), count: Int(natsMsg_GetDataLength(message)))
        let text = natsMsg_GetSubject(message).map { String(cString: $0) } ?? ""
        let reply = natsMsg_GetReply(message).flatMap { try? Subject(foreign: String(cString: $0)) }
        self.init(
            subject: (try? Subject(foreign: text)) ?? Self.unnamed, reply: reply, headers: Headers(copying: message),
            payload: Array(payload), at: at)
    }

    /// Placeholder of an invalid subject (a server would not deliver it).
    private static let unnamed = Subject.inbox("invalid")
}

extension Headers {
    fileprivate init(copying message: OpaquePointer) {
        self = [:]
        var keys: UnsafeMutablePointer<UnsafePointer<CChar>?>?
        var count: Int32 = 0
        guard natsMsgHeader_Keys(message, &keys, &count) == NATS_OK, let keys else { return }
        defer { free(keys) }
        for index in 0..<Int(count) {
            guard let key = keys[index] else { continue }
            var values: UnsafeMutablePointer<UnsafePointer<CChar>?>?
            var valueCount: Int32 = 0
            guard natsMsgHeader_Values(message, key, &values, &valueCount) == NATS_OK, let values else { continue }
            defer { free(values) }
            for at in 0..<Int(valueCount) {
                if let value = values[at] { append(String(cString: key), String(cString: value)) }
            }
        }
    }
}
