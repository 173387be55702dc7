import NimmerHTTP
import Testing

@Suite("The bytes of an answer") struct TransferStateTests {
    private static func state(_ lines: [String]) -> TransferState {
        var state = TransferState()
        for line in lines { #expect(state.receive(line: "\(line)\r\n".utf8) == true) }
        return state
    }

    @Test func theHeadIsReadyAtItsEmptyLine() {
        var state = Self.state(["HTTP/1.1 200 OK", "Content-Type:  text/event-stream ", "Server: x:y"])
        #expect(state.head() == .waiting)
        #expect(state.receive(line: "\r\n".utf8) == true)
        guard case .ready(let head) = state.head() else {
            Issue.record("no head")
            return
        }
        #expect(head.status == 200)
        #expect(head.first("content-type") == "text/event-stream")
        #expect(head.first("server") == "x:y")
        #expect(head.first("retry-after") == nil)
    }

    @Test func aProvisionalAnswerIsSkipped() {
        let state = Self.state(["HTTP/1.1 103 Early Hints", "Link: x", "", "HTTP/1.1 404 Not Found", "A: b", ""])
        guard case .ready(let head) = state.head() else {
            Issue.record("no head")
            return
        }
        #expect(head.status == 404 && head.fields.map(\.name) == ["a"])
    }

    @Test func aHeadBeyondItsBoundIsRefused() {
        var state = Self.state(["HTTP/1.1 200 OK"])
        let line = "X: \(String(repeating: "a", count: 10_000))\r\n"
        var taken = 0
        while taken < 100, state.receive(line: line.utf8) { taken += 1 }
        #expect(taken == 8)
        #expect(state.head() == .failed(.notHTTP))
    }

    @Test func aFullBufferPausesUntilItIsTaken() {
        var state = Self.state(["HTTP/1.1 200 OK", ""])
        let piece = [UInt8](repeating: 7, count: 100_000)
        #expect(state.receive(body: piece) == .taken)
        #expect(state.receive(body: piece) == .taken)
        #expect(state.receive(body: piece) == .paused)
        #expect(state.next() == .ready(.init(bytes: piece + piece, resumes: true)))
        #expect(state.next() == .waiting)
        #expect(state.receive(body: piece) == .taken)
        #expect(state.next() == .ready(.init(bytes: piece, resumes: false)))
        state.finish(nil)
        #expect(state.next() == .ready(nil))
    }

    @Test func aPieceLargerThanTheBufferIsTaken() {
        var state = Self.state(["HTTP/1.1 200 OK", ""])
        #expect(state.receive(body: [UInt8](repeating: 7, count: 1_000_000)) == .taken)
    }

    @Test func whatCameBeforeAFailureIsGivenFirst() {
        var state = Self.state(["HTTP/1.1 200 OK", ""])
        #expect(state.receive(body: [1]) == .taken)
        state.finish(.closed)
        state.finish(.timeout)
        #expect(state.receive(body: [2]) == .refused)
        #expect(state.next() == .ready(.init(bytes: [1], resumes: false)))
        #expect(state.next() == .failed(.closed))
    }

    @Test func aCancelledTransferGivesNothingMore() {
        var state = Self.state(["HTTP/1.1 200 OK", ""])
        #expect(state.receive(body: [1]) == .taken)
        state.finish(.cancelled)
        #expect(state.isOver)
        #expect(state.head() == .failed(.cancelled))
        #expect(state.next() == .failed(.cancelled))
        #expect(state.receive(line: "\r\n".utf8) == false)
    }

    @Test func anEndBeforeTheHeadIsAClosedConnection() {
        var state = Self.state(["HTTP/1.1 200 OK"])
        state.finish(nil)
        #expect(state.head() == .failed(.closed))
    }

    @Test func trailersAreDropped() {
        var state = Self.state(["HTTP/1.1 200 OK", ""])
        #expect(state.receive(body: [1]) == .taken)
        #expect(state.receive(line: "HTTP/1.1 500 Late\r\n".utf8) == true)
        guard case .ready(let head) = state.head() else {
            Issue.record("no head")
            return
        }
        #expect(head.status == 200)
        #expect(state.next() == .ready(.init(bytes: [1], resumes: false)))
    }
}
