import NimmerBus
import NimmerWave
import Testing

@testable import NimmerProcess

@Suite("Waiting at the start")
struct StartWaitTests {
    @Test func whatCanPassIsWaitedForWithGrowingPausesAndSaidOnceAReason() {
        var wait = StartWait()
        let refused = BusError(.notConnected, "nobody there")
        #expect(wait.failed(refused) == .again(after: .milliseconds(100), isNew: true))
        #expect(wait.failed(refused) == .again(after: .milliseconds(200), isNew: false))
        #expect(wait.failed(BusError(.timeout, "no answer")) == .again(after: .milliseconds(400), isNew: true))
        for code in [BusError.Code.noStreams, .noResponders, .full] {
            #expect(wait.failed(BusError(code, "x")) != .leave)
        }
        #expect(wait.failed(refused) == .again(after: .seconds(2), isNew: true))
        #expect(wait.failed(refused) == .again(after: .seconds(2), isNew: false))
        #expect(wait.reason == "nobody there")
    }

    @Test func whatCannotPassIsNot() {
        var wait = StartWait()
        for code in [BusError.Code.badCredentials, .conflict, .invalid, .closed, .cancelled] {
            #expect(wait.failed(BusError(code, "x")) == .leave)
        }
        #expect(wait.failed(ProcessFailure(.configuration, "x")) == .leave)
        #expect(wait.reason == nil)
    }

    @Test func theReasonIsShownUntilItIsOver() {
        let health = Health()
        health.waits(for: "the streams", because: "nobody there")
        health.started()
        #expect(health.troubles == ["waiting for the streams: nobody there"])
        health.waits(for: "the streams", because: nil)
        #expect(health.troubles.isEmpty)
    }
}
