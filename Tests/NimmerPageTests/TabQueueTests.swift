import NimmerScope
import NimmerWave
import Testing

@testable import NimmerPage

/// Frames of a tab: everything while it keeps up, less detail while it does not, decisions always.
@Suite struct TabQueueTests {
    private static let start = SteadyTime(milliseconds: 1_000_000)

    private func time(_ milliseconds: Double) -> SteadyTime { SteadyTime(milliseconds: 1_000_000 + milliseconds) }

    private func waves(_ count: Int, at milliseconds: Double, cells: Int = 4) -> PageFrame {
        .waves(
            (0..<count).map { number in
                PageWave(
                    cell: UInt16(number % cells), value: Float(number) / Float(max(1, count)),
                    at: Int64(saturating: milliseconds * 1e6) + Int64(number) * 1000)
            })
    }

    private func event(_ number: Int) -> PageFrame { .text(["k": .string("collapse"), "id": .string("\(number)")]) }

    /// Takes everything that is ready.
    private func drain(_ queue: inout TabQueue, _ ring: FrameRing, at now: SteadyTime) -> [TabQueue.Step] {
        var steps: [TabQueue.Step] = []
        while true {
            let step = queue.next(ring, at: now)
            if step == .wait { return steps }
            steps.append(step)
            if step == .close || step == .snapshot { return steps }
        }
    }

    private func number(_ step: TabQueue.Step) -> String? {
        guard case .text(let bytes) = step, let json = try? JSON(parsing: bytes) else { return nil }
        return json["id"]?.string
    }

    @Test func aTabThatKeepsUpIsSentEveryWave() {
        var ring = FrameRing()
        var queue = TabQueue(after: 0, at: Self.start)
        var sent = 0
        for step in 0..<100 {
            let now = time(Double(step) * 50)
            ring.append(waves(100, at: Double(step) * 50), at: now)
            for case .binary(let bytes) in drain(&queue, ring, at: now) {
                #expect(bytes[0] == 1)
                sent += Int(bytes[2]) | Int(bytes[3]) << 8
            }
            queue.acknowledge(queue.cursor)
        }
        #expect(sent == 10_000)
    }

    @Test func aTabThatIsBehindLosesDetailAndNoDecision() {
        var ring = FrameRing()
        var queue = TabQueue(after: 0, at: Self.start)
        var (told, merged, ids): ([Int], Int, [String]) = ([], 0, [])
        // It takes in each frame three seconds late.
        var late: [(SteadyTime, UInt64)] = []
        for step in 0..<400 {
            let now = time(Double(step) * 50)
            ring.append(waves(200, at: Double(step) * 50), at: now)
            if step % 10 == 0 { ring.append(event(step), at: now) }
            while let first = late.first, now.milliseconds(since: first.0) > 3000 {
                queue.acknowledge(first.1)
                late.removeFirst()
            }
            for step in drain(&queue, ring, at: now) {
                if let id = number(step) { ids.append(id) }
                if case .text(let bytes) = step, let n = (try? JSON(parsing: bytes))?["n"]?.int { told.append(n) }
                if case .binary(let bytes) = step, bytes[0] == 2 { merged += 1 }
            }
            late.append((now, queue.cursor))
        }
        #expect(ids == stride(from: 0, to: 400, by: 10).map { "\($0)" })
        #expect(merged > 0)
        #expect(told.first.map { $0 > 1 } == true)
    }

    @Test func aTabThatHasCaughtUpIsSentEveryWaveAgain() {
        var ring = FrameRing()
        var queue = TabQueue(after: 0, at: Self.start)
        var told: [Int] = []
        for step in 0..<600 {
            let now = time(Double(step) * 50)
            ring.append(waves(200, at: Double(step) * 50), at: now)
            let steps = drain(&queue, ring, at: now)
            for case .text(let bytes) in steps { (try? JSON(parsing: bytes))?["n"]?.int.map { told.append($0) } }
            // For two seconds it takes nothing in.
            if !(100..<140).contains(step) { queue.acknowledge(queue.cursor) }
            if step > 500 { for case .binary(let bytes) in steps { #expect(bytes[0] == 1) } }
        }
        #expect(told.count >= 2)
        #expect(told.last == 1)
    }

    @Test func aTabThatTakesNothingForTenSecondsIsClosed() {
        var ring = FrameRing()
        var queue = TabQueue(after: 0, at: Self.start)
        var last: TabQueue.Step = .wait
        for step in 0..<300 where last != .close {
            let now = time(Double(step) * 50)
            ring.append(event(step), at: now)
            last = drain(&queue, ring, at: now).last ?? .wait
            if step < 190 { #expect(last != .close) }
        }
        #expect(last == .close)
    }

    @Test func aHiddenTabIsSentDecisionsOnly() {
        var ring = FrameRing()
        var queue = TabQueue(after: 0, at: Self.start)
        queue.isHidden = true
        ring.append(waves(50, at: 0), at: time(0))
        ring.append(event(1), at: time(0))
        ring.append(waves(50, at: 50), at: time(50))
        let steps = drain(&queue, ring, at: time(60))
        #expect(steps.compactMap(number) == ["1"])
        #expect(steps.count == 1)
    }

    @Test func aTabWhoseFramesHaveGoneIsSentASnapshot() {
        var ring = FrameRing()
        for step in 0..<200 { ring.append(event(step), at: time(Double(step) * 1000)) }
        #expect(ring.oldest > 1)
        var queue = TabQueue(after: 0, at: time(199_000))
        #expect(queue.next(ring, at: time(199_000)) == .snapshot)
        queue.sentSnapshot(ring.next - 1, bytes: 100, at: time(199_000))
        #expect(queue.next(ring, at: time(199_000)) == .wait)
    }

    /// Frames of before it came have not waited for it.
    @Test func aTabThatComesBackAfterAHalfAMinuteIsTakenUp() {
        var ring = FrameRing()
        for step in 0..<40 { ring.append(event(step), at: time(Double(step) * 1000)) }
        var queue = TabQueue(after: 5, at: time(39_000))
        let steps = drain(&queue, ring, at: time(39_000))
        #expect(steps.compactMap(number).count == 35)
        #expect(!steps.contains(.close))
    }

    @Test func wavesOfALongTimeAreSeveralFrames() {
        var ring = FrameRing()
        ring.append(
            .waves(
                [0.0, 30_000, 70_000, 200_000].map {
                    PageWave(cell: 0, value: 0.5, at: Int64(saturating: $0) * 1_000_000)
                }),
            at: time(0))
        #expect(ring.next == 4)
        #expect(ring[1]?.waves.count == 2)
        #expect(ring[2]?.waves.count == 1)
    }

    @Test func framesKeepTheirNumbersAndAMinute() {
        var ring = FrameRing()
        for step in 0..<5000 { ring.append(event(step), at: time(Double(step) * 50)) }
        #expect(ring.next == 5001)
        #expect(ring[ring.oldest]?.seq == ring.oldest)
        #expect(ring[5000]?.seq == 5000)
        #expect(ring[5001] == nil)
        let age = time(4999.0 * 50).duration(since: ring[ring.oldest]?.at ?? Self.start)
        #expect(age <= FrameRing.age)
        #expect(age > .seconds(59))
    }

    @Test func wavesAreSixBytesEach() {
        let all = [
            PageWave(cell: 3, value: 0.5, at: 1_000_000_000), PageWave(cell: 700, value: -1, at: 1_049_000_000),
        ]
        let bytes = WaveFrames.encoded(all, seq: 7)
        #expect(bytes.count == 16 + 12)
        #expect(bytes[0] == 1)
        #expect(bytes[2] == 2)
        #expect(bytes[4] == 7)
        #expect(Array(bytes[16..<22]) == [3, 0, 0x00, 0x40, 0, 0])
        #expect(Array(bytes[22..<28]) == [0xbc, 0x02, 0xff, 0xff, 49, 0])
        let merged = WaveFrames.merged(all + all, seq: 8)
        #expect(merged.bytes.count == 24 + 20)
        #expect(merged.drawn == 2)
    }
}
