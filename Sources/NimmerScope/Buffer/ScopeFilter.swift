import NimmerWave

/// Filter of the messages by text and confidence (oscilloscope.md, Must: `/`, `/!`, `m`, `M`).
///
/// A text that is an MQTT topic, or a filter of topics, also shows the messages on its subject. The text is looked for, upper and lower case alike, in the subject (and so in cell, nerve and gate), and of a wave in its
/// region, domain, origin and content, of any other message in its whole text.
struct ScopeFilter: Sendable, Hashable {
    /// As it was typed: a `!` before it shows what does not contain it.
    let text: String
    private let needle: [UInt8]
    private let topic: TopicText
    private let isInverted: Bool

    /// A filter from what was typed; empty text lets everything pass.
    init(_ text: String) {
        self.text = text
        isInverted = text.hasPrefix("!")
        let wanted = isInverted ? text.dropFirst() : text[...]
        needle = wanted.utf8.map(Self.lower)
        topic = TopicText(String(wanted))
    }

    /// Indicates whether it lets everything pass.
    var isEmpty: Bool { needle.isEmpty }

    /// Returns whether a message passes.
    ///
    /// - Parameters:
    ///   - subject: its subject.
    ///   - names: its region, the region that it is drawn with, and its origin, which are known also when its bytes have gone.
    ///   - isWave: whether it is a wave.
    ///   - payload: its bytes; nil when they have gone.
    func passes(subject: String, names: [String], isWave: Bool, payload: ArraySlice<UInt8>?) -> Bool {
        guard !isEmpty else { return true }
        return contains(subject, names, isWave, payload) != isInverted
    }

    private func contains(
        _ subject: String, _ names: [String], _ isWave: Bool, _ payload: ArraySlice<UInt8>?
    ) -> Bool {
        if isIn(subject) || topic.matches(subject) || names.contains(where: isIn) { return true }
        guard let payload else { return false }
        guard isWave else { return payload.withUnsafeBufferPointer { isIn($0) } }
        return payload.withUnsafeBufferPointer { bytes in
            var view = WaveView()
            guard (try? WaveDecoder.decode(bytes.span.bytes, into: &view)) != nil else { return isIn(bytes) }
            return [view.domain, view.region, view.origin, view.content].contains { range in
                isIn(UnsafeBufferPointer(rebasing: bytes[range.start..<range.start + range.count]))
            }
        }
    }

    private func isIn(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { isIn($0) }
    }

    private func isIn(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = needle.first, bytes.count >= needle.count else { return needle.isEmpty }
        return needle.withUnsafeBufferPointer { needle in
            var start = 0
            let last = bytes.count - needle.count
            while start <= last {
                if Self.lower(bytes[start]) == first {
                    var next = 1
                    while next < needle.count, Self.lower(bytes[start + next]) == needle[next] { next += 1 }
                    if next == needle.count { return true }
                }
                start += 1
            }
            return false
        }
    }

    private static func lower(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte }
}
