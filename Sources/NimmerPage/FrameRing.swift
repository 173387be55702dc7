import NimmerScope
import NimmerWave

/// A frame with its number: encoded once for all tabs.
package struct NumberedFrame: Sendable {
    /// Counted from 1, without gaps.
    package let seq: UInt64
    /// Time at which it was made.
    package let at: SteadyTime
    /// As it is sent.
    package let bytes: [UInt8]
    /// The waves, where it holds any: a slow tab is sent them merged.
    package let waves: [PageWave]

    /// Indicates whether it is JSON text: state, openings and decisions, which are never dropped.
    package var isText: Bool { waves.isEmpty }
}

/// The frames of the last minute, by which a tab that lost its connection continues (web.md, Data between server and page).
package struct FrameRing: Sendable {
    /// Time for which frames are kept.
    package static let age = Duration.seconds(60)
    /// Bytes that are kept at most.
    static let maximumBytes = 12 << 20

    /// Waves of a frame at most, and the longest time of one, in nanoseconds.
    private static let maximumWaves = 32_768
    private static let longestWaves: Int64 = 60_000_000_000

    private var frames: [NumberedFrame] = []
    private var head = 0
    private var bytes = 0
    /// Number of the next frame.
    package private(set) var next: UInt64 = 1

    package init() {}

    /// Number of the oldest frame that is kept; ``next`` where none is.
    package var oldest: UInt64 { head < frames.count ? frames[head].seq : next }

    /// The frame with a number; nil where it is not kept, or not there yet.
    package subscript(seq: UInt64) -> NumberedFrame? {
        guard seq >= oldest, seq < next else { return nil }
        return frames[head + Int(seq - oldest)]
    }

    /// Adds a frame of a kind.
    package mutating func append(_ frame: PageFrame, at now: SteadyTime) {
        let numbered: NumberedFrame
        switch frame {
        case .text(var object):
            object["seq"] = .number(Double(next))
            numbered = NumberedFrame(seq: next, at: now, bytes: JSON.object(object).bytes, waves: [])
        case .waves(let waves):
            guard let first = waves.first else { return }
            // A frame counts its waves, and the milliseconds since the first, in 16 bits each.
            let end = waves.firstIndex { $0.at > first.at.addingSaturated(Self.longestWaves) } ?? waves.count
            let fitting = min(end, Self.maximumWaves)
            guard fitting == waves.count else {
                append(.waves(Array(waves[..<fitting])), at: now)
                return append(.waves(Array(waves[fitting...])), at: now)
            }
            numbered = NumberedFrame(seq: next, at: now, bytes: WaveFrames.encoded(waves, seq: next), waves: waves)
        }
        frames.append(numbered)
        bytes += Self.size(numbered)
        next += 1
        while head < frames.count - 1,
            now.duration(since: frames[head].at) > Self.age || bytes > Self.maximumBytes
        {
            bytes -= Self.size(frames[head])
            head += 1
        }
        if head > 512, head > frames.count / 2 {
            frames.removeFirst(head)
            head = 0
        }
    }

    private static func size(_ frame: NumberedFrame) -> Int { frame.bytes.count + frame.waves.count * 16 + 64 }
}

/// Waves as bytes (docs/reference/web.md, Waves).
package enum WaveFrames {
    /// All of them: a head of 16 bytes, then six bytes a wave.
    package static func encoded(_ waves: [PageWave], seq: UInt64) -> [UInt8] {
        let start = waves.first?.at ?? 0
        var out = head(1, min(waves.count, Int(UInt16.max)), seq, start)
        out.reserveCapacity(16 + waves.count * 6)
        for wave in waves.prefix(Int(UInt16.max)) {
            let size = UInt16((min(1, wave.value.magnitude) * 32767).rounded())
            append(&out, wave.cell)
            append(&out, size | (wave.value < 0 ? 0x8000 : 0))
            append(&out, UInt16(clamping: (wave.at - start) / 1_000_000))
        }
        return out
    }

    /// One entry a cell: how many, the least, the greatest and the last; a head of 24 bytes, then ten bytes a cell.
    ///
    /// - Parameter drawn: waves for each entry.
    package static func merged(_ waves: [PageWave], seq: UInt64) -> (bytes: [UInt8], drawn: Double) {
        struct Sum {
            var count = 0
            var low = Float.infinity
            var high = -Float.infinity
            var last: Float = 0
        }
        var sums: [UInt16: Sum] = [:]
        for wave in waves {
            var sum = sums[wave.cell] ?? Sum()
            sum.count += 1
            sum.low = min(sum.low, wave.value)
            sum.high = max(sum.high, wave.value)
            sum.last = wave.value
            sums[wave.cell] = sum
        }
        let (start, end) = (waves.first?.at ?? 0, waves.last?.at ?? 0)
        let drawn = Double(waves.count) / Double(max(1, sums.count))
        var out = head(2, min(sums.count, Int(UInt16.max)), seq, start)
        append(&out, UInt32(clamping: (end - start) / 1_000_000))
        append(&out, Float(drawn).bitPattern)
        for (cell, sum) in sums.sorted(by: { $0.key < $1.key }) {
            append(&out, cell)
            append(&out, UInt16(clamping: sum.count))
            for value in [sum.low, sum.high, sum.last] {
                append(&out, UInt16(bitPattern: Int16((max(-1, min(1, value)) * 32767).rounded())))
            }
        }
        return (out, drawn)
    }

    private static func head(_ kind: UInt8, _ count: Int, _ seq: UInt64, _ start: Int64) -> [UInt8] {
        var out: [UInt8] = [kind, 0]
        append(&out, UInt16(clamping: count))
        append(&out, UInt32(truncatingIfNeeded: seq))
        append(&out, (Double(start) / 1e6).bitPattern)
        return out
    }

    private static func append(_ out: inout [UInt8], _ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { out.append(contentsOf: $0) }
    }
}
