import NimmerWave
import Synchronization

/// The connection of one tab, apart from the library that carries it: what it is sent is pulled, what it reports is taken in.
package final class Tab: Sendable {
    /// Message to the browser.
    package enum Output: Sendable, Hashable {
        case text([UInt8])
        case binary([UInt8])
        case close(code: UInt16, reason: String)
    }

    /// Request of a tab to the source, where that is a recording.
    package enum Control: Sendable, Hashable {
        case play(speed: Double)
        case stop
        /// Milliseconds since 1970.
        case seek(Double)
    }

    private let model: PageModel
    private let number: UInt64
    private let stream: AsyncStream<Void>
    private let needsSnapshot: Mutex<Bool>
    private let restarts: Mutex<Int>

    /// Close code of a tab that may come again at once, such as one that takes nothing any more.
    package static let tooSlow: UInt16 = 1013
    /// Close code of a session that has ended.
    package static let ended: UInt16 = 4401

    init(model: PageModel, number: UInt64, wakes: AsyncStream<Void>, needsSnapshot: Bool) {
        self.model = model
        self.number = number
        stream = wakes
        self.needsSnapshot = Mutex(needsSnapshot)
        restarts = Mutex(model.restarts)
    }

    /// The next that the tab is sent; waits until there is something. Nil once it is closed.
    ///
    /// - Parameter session: looked up for each, so that a tab ends with its session.
    package func next(_ session: () -> Sessions.Session?) async -> Output? {
        while !Task.isCancelled {
            guard let session = session() else { return .close(code: Self.ended, reason: "the session has ended") }
            let restarts = model.restarts
            let isRestarted = self.restarts.withLock { known in
                defer { known = restarts }
                return known != restarts
            }
            let isFirst = needsSnapshot.withLock { needs in
                defer { needs = false }
                return needs
            }
            if isFirst || isRestarted { return .binary(model.snapshot(number, session)) }
            switch model.step(number) {
            case .text(let bytes): return .text(bytes)
            case .binary(let bytes): return .binary(bytes)
            case .snapshot: return .binary(model.snapshot(number, session))
            case .close:
                return .close(code: Self.tooSlow, reason: "the page takes nothing any more; it may begin again")
            case .wait:
                // A tab has one reader at a time; the stream ends with the tab.
                for await _ in stream { break }
                if Task.isCancelled { return nil }
            }
        }
        return nil
    }

    /// Indicates whether a person can see it.
    package var isWatched: Bool { model.isWatched(number) }

    /// Takes in what the page reports.
    ///
    /// - Returns: what is asked of a recording; nil for what only concerns the tab.
    /// - Throws: ``PageError`` for what is no such report.
    package func take(_ text: [UInt8]) throws(PageError) -> Control? {
        let json: JSON
        do throws(Refusal) { json = try JSON(parsing: text) } catch {
            throw PageError("a tab reports in JSON; found \(error)")
        }
        if let seq = json["ack"]?.double, seq >= 0, seq < 1e15 {
            model.change(number) { $0.acknowledge(UInt64(saturating: seq)) }
        } else if let isHidden = json["hidden"]?.bool {
            model.change(number) { $0.isHidden = isHidden }
        } else if let speed = json["play"]?.double {
            guard speed > 0, speed <= 1e12 else { throw PageError("play must be a speed above 0; found \(speed)") }
            return .play(speed: speed)
        } else if json["stop"]?.bool == true {
            return .stop
        } else if let moment = json["seek"]?.double, abs(moment) < 1e14 {
            return .seek(moment)
        } else {
            throw PageError("a tab reports ack, hidden, play, stop or seek; found \(json.text.prefix(80))")
        }
        return nil
    }

    deinit { model.closeTab(number) }

    /// Ends it.
    package func close() { model.closeTab(number) }
}
