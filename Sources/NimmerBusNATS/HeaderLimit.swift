import CNATS
import Glibc

/// The most headers that a message brings. nats.c reads a name that is there N times in time N², also to see whether an empty message
/// reports "no responders": a single message of 750 KB then takes 15 s.
enum HeaderLimit {
    static let maximum = 128
    /// With the first line, `NATS/1.0`, and the empty one at the end.
    private static let maximumLines = maximum + 2

    private static let prefix = Array("NATS/1.0".utf8)
    private static let replacement = (name: Array("Nimmer-Cut:".utf8), value: Array("headers".utf8))

    /// Has every message of a connection checked before nats.c reads its headers.
    ///
    /// - Parameter wake: what counts; it lives as long as messages come.
    static func apply(to connection: OpaquePointer, _ wake: LoopWakeUp) {
        _ = nimmer_look_at_messages(
            connection,
            { _, message, closure in
                guard let message = message?.pointee, let closure, HeaderLimit.cut(message) else { return }
                Unmanaged<LoopWakeUp>.fromOpaque(closure).takeUnretainedValue().hasCutHeaders()
            }, Unmanaged.passUnretained(wake).toOpaque())
    }

    /// Replaces the headers of a message that has too many by a single one of the same length; whether it had.
    ///
    /// They stand between the subject, or the reply subject, and the payload, in one piece of memory of the message's own (msg.c,
    /// `natsMsg_create`). Where they do not begin as headers do, nothing is touched.
    private static func cut(_ message: OpaquePointer) -> Bool {
        guard let subject = natsMsg_GetSubject(message), let payload = natsMsg_GetData(message) else { return false }
        let last = natsMsg_GetReply(message) ?? subject
        let start = UnsafePointer(last) + strlen(last) + 1
        // One more byte ends them.
        let count = payload - start - 1
        guard count > maximumLines, memcmp(start, prefix, prefix.count) == 0 else { return false }
        let bytes = UnsafeMutableRawBufferPointer(start: UnsafeMutableRawPointer(mutating: start), count: count)
        var lines = 0
        var first = 0
        var at = 0
        while lines <= maximumLines, let found = memchr(bytes.baseAddress! + at, 0x0a, count - at) {
            at = UnsafeRawPointer(found) - UnsafeRawPointer(start) + 1
            if lines == 0 { first = at }
            lines += 1
        }
        let end: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a]
        guard lines > maximumLines, count - first >= replacement.name.count + replacement.value.count + end.count
        else { return false }
        bytes[first...].copyBytes(from: replacement.name)
        let value = count - end.count - replacement.value.count
        for index in first + replacement.name.count..<value { bytes[index] = 0x20 }
        bytes[value...].copyBytes(from: replacement.value)
        bytes[(count - end.count)...].copyBytes(from: end)
        return true
    }
}
