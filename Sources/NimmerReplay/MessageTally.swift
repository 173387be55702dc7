import NimmerOutput
import NimmerWave

/// Tally of the messages of a recording: those that were taken, those that were refused, by reason, and those that were passed over because
/// a reader of waves takes none of them.
package struct MessageTally: Sendable, Equatable {
    /// Messages that were refused for the same reason.
    private struct Reason: Sendable, Equatable {
        var refusal: Refusal
        var firstLine: Int
        var count = 1
    }

    /// Number of messages that were taken.
    package private(set) var taken = 0
    /// Number of messages that were refused.
    package private(set) var refused = 0
    private var passedOver = 0
    private var firstPassedOver: String?
    private var reasons: [Reason] = []

    package init() {}

    package mutating func take() { taken += 1 }

    /// Counts a message that was refused.
    ///
    /// - Parameter line: its line in the recording, counted from 1.
    package mutating func refuse(_ refusal: Refusal, line: Int) {
        refused += 1
        let same = reasons.firstIndex { $0.refusal.code == refusal.code && $0.refusal.field == refusal.field }
        if let same { reasons[same].count += 1 } else { reasons.append(Reason(refusal: refusal, firstLine: line)) }
    }

    /// Counts a message on a subject that is not read.
    ///
    /// - Parameter line: its line in the recording, counted from 1.
    package mutating func passOver(_ subject: String, line: Int) {
        if firstPassedOver == nil { firstPassedOver = "\(line): \(subject)" }
        passedOver += 1
    }

    /// The same with what another passed over.
    func adding(passedOver other: Self) -> Self {
        var sum = self
        sum.passedOver += other.passedOver
        sum.firstPassedOver = firstPassedOver ?? other.firstPassedOver
        return sum
    }

    /// Maximum number of reasons that are named.
    private static let namedReasons = 5

    /// Notes for a person: each reason with its count and the first line that it is about. Empty where nothing was refused.
    package func notes(of file: String) -> [String] {
        let all = taken + refused
        var notes = reasons.prefix(Self.namedReasons).map { reason in
            let first = reason.count == 1 ? ":" : "; the first:"
            return
                "\(reason.count) of \(NimmerOutput.count(all, "recorded message")) refused\(first) "
                + "\(file):\(reason.firstLine): \(reason.refusal)"
        }
        if reasons.count > Self.namedReasons {
            let rest = reasons.dropFirst(Self.namedReasons).reduce(0) { $0 + $1.count }
            notes.append("\(rest) of \(NimmerOutput.count(all, "recorded message")) refused for other reasons")
        }
        return notes
    }

    /// Fails where most was refused, or nothing was of use.
    ///
    /// - Throws: ``Failure`` that names the file, the first line and the reason.
    package func check(_ file: String) throws(Failure) {
        if refused > taken, let first = reasons.first {
            throw Failure(
                .failed,
                "\(file):\(first.firstLine): \(first.refusal); \(refused) of \(NimmerOutput.count(taken + refused, "recorded message")) refused",
                remedy: "`nimmer wave check --lines` names each of them")
        }
        if taken == 0, let firstPassedOver {
            throw Failure(
                .failed,
                "\(file) holds no wave: \(NimmerOutput.count(passedOver, "message")) on other subjects; the first: "
                    + "\(file):\(firstPassedOver)",
                remedy: "the subject of a wave is ENV.nervous.cells.CELL.wave")
        }
    }
}
