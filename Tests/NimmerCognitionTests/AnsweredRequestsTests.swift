import NimmerCognition
import NimmerWave
import Testing

@Suite struct AnsweredRequestsTests {
    @Test func memoryIsBoundedAndForgetsTheOldest() {
        var answered = AnsweredRequests()
        for index in 0...AnsweredRequests.capacity { answered.insert(.named("\(index)")) }
        answered.insert(.named("1"))
        #expect(!answered.contains(.named("0")) && answered.contains(.named("1")))
        #expect(answered.contains(.named("\(AnsweredRequests.capacity)")))
    }
}
