import Glibc

/// Messages that a plain subscription got on the old connection of a move, for the new one to leave out: both stand for a moment, and
/// the server gives each its copy. Used by the loop's thread alone.
final class Overlap {
    /// The part of a subscription in it.
    enum Part {
        /// That of the old connection's: it remembers.
        case record(Overlap)
        /// That of the new connection's: it leaves out what is remembered, once for each time that it came.
        case skip(Overlap)

        /// Returns whether the handler takes this message.
        func takes(
            _ subject: UnsafeRawBufferPointer, _ reply: UnsafePointer<CChar>?, _ payload: UnsafeRawBufferPointer
        ) -> Bool {
            var hasher = Hasher()
            hasher.combine(bytes: subject)
            hasher.combine(subject.count)
            if let reply { hasher.combine(bytes: UnsafeRawBufferPointer(start: reply, count: strlen(reply))) }
            hasher.combine(bytes: payload)
            let mark = hasher.finalize()
            switch self {
            case .record(let overlap):
                overlap.remember(mark)
                return true
            case .skip(let overlap): return !overlap.forget(mark)
            }
        }
    }

    /// Maximum number of remembered messages: 16 bytes each. Beyond, duplicates come.
    private static let maximumMarks = 1 << 18
    private var counts: [Int: Int] = [:]

    private func remember(_ mark: Int) {
        guard counts.count < Self.maximumMarks else { return }
        counts[mark, default: 0] += 1
    }

    private func forget(_ mark: Int) -> Bool {
        guard !counts.isEmpty, let count = counts[mark] else { return false }
        counts[mark] = count > 1 ? count - 1 : nil
        return true
    }
}
