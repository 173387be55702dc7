import NimmerBus
import Testing

@testable import NimmerProcess

/// When what a process stores itself has waited for too long.
@Suite("Waiting for a stream") struct StoreWaitsTests {
    private let start = ContinuousClock.now
    private func after(_ milliseconds: Int) -> ContinuousClock.Instant {
        start.advanced(by: .milliseconds(milliseconds))
    }

    @Test("a stream that does not answer is named within a second, one that takes something else is not")
    func silence() {
        var waits = StoreWaits()
        #expect(waits.trouble(at: start) == nil)
        let first = waits.begin(at: after(0)), second = waits.begin(at: after(10))
        #expect(waits.trouble(at: after(500)) == nil)
        #expect(waits.trouble(at: after(700))?.code == .timeout && waits.count == 2)
        waits.end(second, isStored: true, at: after(800))
        #expect(waits.trouble(at: after(1_000)) == nil, "it has just taken something")
        #expect(waits.trouble(at: after(1_500)) != nil)
        waits.end(first, isStored: true, at: after(1_600))
        #expect(waits.trouble(at: after(9_000)) == nil && waits.count == 0)
    }

    @Test("a refusal is named at once, through the pause before the next attempt, until something is stored")
    func refused() {
        var waits = StoreWaits()
        let full = BusError(.full, "maximum bytes exceeded")
        let first = waits.begin(at: after(0))
        waits.failed(BusError(.notConnected, "away"))
        #expect(waits.trouble(at: after(10)) == nil, "that is not the stream's fault")
        waits.failed(full)
        #expect(waits.trouble(at: after(10)) == full)
        waits.end(first, isStored: false, at: after(20))
        #expect(waits.trouble(at: after(1_020)) == full)
        let again = waits.begin(at: after(1_020))
        #expect(waits.trouble(at: after(1_030)) == full)
        waits.end(again, isStored: true, at: after(1_040))
        #expect(waits.trouble(at: after(1_050)) == nil)
        // Let go of permanently.
        let last = waits.begin(at: after(2_000))
        waits.failed(full)
        waits.end(last, isStored: false, at: after(2_010))
        #expect(waits.trouble(at: after(6_000)) == nil)
    }
}
