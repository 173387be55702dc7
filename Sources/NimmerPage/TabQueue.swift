import NimmerScope
import NimmerWave

/// Queue of one tab: what it is sent next is pulled, so that a slow tab has little waiting for it and slows no other (web.md, Back-pressure). A value;
/// time is an argument.
package struct TabQueue: Sendable {
    /// Something to be sent.
    package enum Step: Sendable, Hashable {
        case text([UInt8])
        case binary([UInt8])
        /// Nothing now.
        case wait
        /// The tab takes nothing any more: it is closed, and begins again.
        case close
        /// The frames that it needs next are not kept: it must be sent all that is known.
        case snapshot
    }

    /// Bytes that a tab may not have taken yet.
    package static let maximumBytes = 256 << 10
    /// Age of what it has not taken yet at which it is behind.
    package static let maximumAge = Duration.milliseconds(500)
    /// Age at which it is closed.
    package static let closeAge = Duration.seconds(10)
    /// Frames smaller than it are sent as they are; zlib makes a long text smaller.
    private static let packedFrom = 1024

    /// Number of the last frame that was sent, or merged into what is to be sent.
    package private(set) var cursor: UInt64
    private var sent: [(seq: UInt64, bytes: Int, at: SteadyTime)] = []
    private var unsent = 0
    /// Waves that were not sent each by itself.
    private var held: [PageWave] = []
    private var heldSince: SteadyTime?
    /// 0: every wave; 1 and 2: per cell of a tenth of a second, and of a second.
    private var level = 0
    private var levelChanged: SteadyTime
    /// Frames of before it was opened have not waited for it.
    private let opened: SteadyTime
    private var announced = 1
    private var drawn = 1.0
    /// Indicates whether it is not seen: it is sent state and decisions only.
    package var isHidden = false

    /// A tab that knows everything up to a frame.
    package init(after seq: UInt64, at now: SteadyTime) {
        cursor = seq
        levelChanged = now
        opened = now
    }

    /// Takes note that the page has taken in everything up to a frame.
    package mutating func acknowledge(_ seq: UInt64) {
        while let oldest = sent.first, oldest.seq <= seq {
            unsent -= oldest.bytes
            sent.removeFirst()
        }
    }

    /// Takes note that everything up to a frame was sent as one.
    package mutating func sentSnapshot(_ seq: UInt64, bytes: Int, at now: SteadyTime) {
        cursor = seq
        held = []
        heldSince = nil
        note(seq, bytes, now)
    }

    /// The next step of a tab.
    package mutating func next(_ ring: FrameRing, at now: SteadyTime) -> Step {
        if let oldest = sent.first, now.duration(since: oldest.at) > Self.closeAge { return .close }
        if cursor + 1 < ring.oldest { return .snapshot }
        let waiting = ring[cursor + 1].map { now.duration(since: max($0.at, opened)) } ?? .zero
        if waiting > Self.closeAge { return .close }
        judge(waiting, now)
        if let text = announcement() { return .text(text) }
        while let frame = ring[cursor + 1] {
            if frame.isText {
                // Never dropped: it waits until there is room.
                guard unsent < 2 * Self.maximumBytes else { return .wait }
                cursor = frame.seq
                return send(frame.bytes, frame.seq, now)
            }
            cursor = frame.seq
            if isHidden { continue }
            if level == 0, held.isEmpty {
                note(frame.seq, frame.bytes.count, now)
                return .binary(frame.bytes)
            }
            held += frame.waves
            heldSince = heldSince ?? now
        }
        let period = level == 2 ? Duration.seconds(1) : .milliseconds(100)
        guard let since = heldSince, now.duration(since: since) >= period || level == 0, unsent < Self.maximumBytes
        else {
            return .wait
        }
        return flush(at: now) ?? .wait
    }

    private mutating func judge(_ waiting: Duration, _ now: SteadyTime) {
        let age = max(waiting, sent.first.map { now.duration(since: $0.at) } ?? .zero)
        let isBehind = age > Self.maximumAge || unsent > Self.maximumBytes
        let since = now.duration(since: levelChanged)
        if isBehind, level == 0 || level == 1 && since > .seconds(2) {
            level += 1
            levelChanged = now
        } else if !isBehind, level > 0, since > .seconds(3) {
            level -= 1
            levelChanged = now
            if level == 0 { drawn = 1 }
        } else if isBehind {
            levelChanged = level == 2 ? now : levelChanged
        }
    }

    /// The line by which a person knows that not every wave is drawn, where that has changed.
    private mutating func announcement() -> [UInt8]? {
        let ratio = level == 0 ? 1 : max(2, Int(saturating: drawn.rounded()))
        guard ratio != announced, level == 0 || announced == 1 || abs(ratio - announced) * 4 > announced else {
            return nil
        }
        announced = ratio
        return JSON.object(["k": .string("behind"), "n": .number(Double(ratio))]).bytes
    }

    private mutating func flush(at now: SteadyTime) -> Step? {
        guard !held.isEmpty else { return nil }
        let merged = WaveFrames.merged(held, seq: cursor)
        drawn = merged.drawn
        held = []
        heldSince = nil
        note(cursor, merged.bytes.count, now)
        return .binary(merged.bytes)
    }

    private mutating func send(_ text: [UInt8], _ seq: UInt64, _ now: SteadyTime) -> Step {
        if text.count >= Self.packedFrom, let packed = Gzip.packed(text, level: 1) {
            note(seq, packed.count + 1, now)
            return .binary([3] + packed)
        }
        note(seq, text.count, now)
        return .text(text)
    }

    private mutating func note(_ seq: UInt64, _ bytes: Int, _ now: SteadyTime) {
        sent.append((seq, bytes, now))
        unsent += bytes
    }
}
