import NimmerMemory
import NimmerWave
import Testing

/// What a batcher asked for, in a form that can be compared.
private enum Step: Equatable {
    case write([Int])
    case acknowledge([Int])
    case keepAlive([Int])
    case pause
    case resume
    case lost
    case recovered(Int)
}

extension Batcher<Int>.Action {
    fileprivate var step: Step {
        switch self {
        case .write(let items): .write(items)
        case .acknowledge(let items): .acknowledge(items)
        case .keepAlive(let items): .keepAlive(items)
        case .pause: .pause
        case .resume: .resume
        case .lost: .lost
        case .recovered(let failures): .recovered(failures)
        }
    }
}

@Suite("A batch is due by time or by size")
struct BatcherTests {
    private let start = SteadyTime(nanoseconds: 1_000_000_000)
    private let away = MemoryError(.unreachable, "away", canRetry: true)
    private func after(_ milliseconds: Double) -> SteadyTime { start.advanced(milliseconds: milliseconds) }

    @Test("one item waits for company, then goes alone")
    func byTime() {
        var batcher = Batcher<Int>(limits: .init(milliseconds: 200, rows: 10))
        #expect(batcher.receive(1, at: start).map(\.step) == [])
        #expect(batcher.nextDeadline == after(200))
        #expect(batcher.advance(to: after(199)).map(\.step) == [])
        #expect(batcher.advance(to: after(200)).map(\.step) == [.write([1])])
        #expect(batcher.wrote(at: after(210)).map(\.step) == [.acknowledge([1])])
        #expect(batcher.isEmpty)
        #expect(batcher.nextDeadline == nil)
    }

    @Test("a full batch goes at once, and one write at a time")
    func bySize() {
        var batcher = Batcher<Int>(limits: .init(milliseconds: 200, rows: 2))
        var steps: [Step] = []
        for item in 1...5 { steps += batcher.receive(item, at: start).map(\.step) }
        #expect(steps == [.write([1, 2])])
        #expect(batcher.wrote(at: after(5)).map(\.step) == [.acknowledge([1, 2]), .write([3, 4])])
        #expect(batcher.wrote(at: after(10)).map(\.step) == [.acknowledge([3, 4])])
        #expect(batcher.advance(to: after(200)).map(\.step) == [.write([5])])
    }

    @Test("items that came during a write have waited already")
    func waitingCounts() {
        var batcher = Batcher<Int>(limits: .init(milliseconds: 200, rows: 10))
        _ = batcher.receive(1, at: start)
        _ = batcher.advance(to: after(200))
        _ = batcher.receive(2, at: after(201))
        #expect(batcher.wrote(at: after(500)).map(\.step) == [.acknowledge([1]), .write([2])])
    }

    @Test("a store that is away is tried again, later each time, with the same batch")
    func retries() {
        var batcher = Batcher<Int>(
            limits: .init(milliseconds: 10, rows: 10, firstRetryMilliseconds: 100, lastRetryMilliseconds: 300))
        _ = batcher.receive(1, at: start)
        #expect(batcher.advance(to: after(10)).map(\.step) == [.write([1])])
        #expect(batcher.failed(away, at: after(10)).map(\.step) == [.lost])
        #expect(batcher.receive(2, at: after(20)).map(\.step) == [])
        #expect(batcher.advance(to: after(109)).map(\.step) == [])
        #expect(batcher.advance(to: after(110)).map(\.step) == [.write([1])])
        #expect(batcher.failed(away, at: after(110)).map(\.step) == [])
        #expect(batcher.advance(to: after(309)).map(\.step) == [])
        #expect(batcher.advance(to: after(310)).map(\.step) == [.write([1])])
        #expect(batcher.failed(away, at: after(310)).map(\.step) == [])
        #expect(batcher.nextDeadline == after(610))
        #expect(batcher.advance(to: after(610)).map(\.step) == [.write([1])])
        #expect(batcher.wrote(at: after(620)).map(\.step) == [.acknowledge([1]), .recovered(3), .write([2])])
    }

    @Test("the intake pauses at capacity and resumes at half of it")
    func pauses() {
        var batcher = Batcher<Int>(limits: .init(milliseconds: 10, rows: 2, capacity: 4))
        var steps: [Step] = []
        for item in 1...4 { steps += batcher.receive(item, at: start).map(\.step) }
        #expect(steps == [.write([1, 2]), .pause])
        #expect(batcher.held == 4)
        #expect(batcher.wrote(at: after(1)).map(\.step) == [.acknowledge([1, 2]), .write([3, 4]), .resume])
    }

    @Test("held items are kept alive while they wait")
    func keepsAlive() {
        var batcher = Batcher<Int>(
            limits: .init(
                milliseconds: 10, rows: 10, firstRetryMilliseconds: 60_000, lastRetryMilliseconds: 60_000,
                keepAliveMilliseconds: 1_000))
        _ = batcher.receive(1, at: start)
        _ = batcher.advance(to: after(10))
        _ = batcher.failed(away, at: after(11))
        _ = batcher.receive(2, at: after(12))
        #expect(batcher.nextDeadline == after(1_000))
        #expect(batcher.advance(to: after(1_000)).map(\.step) == [.keepAlive([1, 2])])
        #expect(batcher.advance(to: after(1_999)).map(\.step) == [])
        #expect(batcher.advance(to: after(2_000)).map(\.step) == [.keepAlive([1, 2])])
    }

    @Test("a flush writes what is held without waiting")
    func flushes() {
        var batcher = Batcher<Int>(limits: .init(milliseconds: 200, rows: 10))
        _ = batcher.receive(1, at: start)
        #expect(batcher.flush(at: after(1)).map(\.step) == [.write([1])])
        #expect(batcher.failed(away, at: after(2)).map(\.step) == [.lost])
        #expect(batcher.flush(at: after(3)).map(\.step) == [.write([1])])
        #expect(batcher.wrote(at: after(4)).map(\.step) == [.acknowledge([1]), .recovered(1)])
        #expect(batcher.flush(at: after(5)).map(\.step) == [])
        #expect(batcher.isEmpty)
    }

    @Test("a report that is not expected changes nothing")
    func strayReports() {
        var batcher = Batcher<Int>()
        #expect(batcher.wrote(at: start).map(\.step) == [])
        #expect(batcher.failed(away, at: start).map(\.step) == [])
        #expect(batcher.failuresInARow == 0)
    }
}
