import NimmerWave
import Testing

@testable import nimmer

/// Lines of `nimmer mind replay`.
@Suite struct MindReplayLinesTests {
    @Test func remindersThatAreNotRepeatedAreNamed() {
        let lines = MindReplayCommand.lines(["reminders_not_repeated": 2])
        #expect(lines.contains { $0.hasPrefix("the prompt then held 2 reminders, not repeated now") })
        for other: JSON in [["reminders_not_repeated": 0], [:]] {
            #expect(!MindReplayCommand.lines(other).contains { $0.contains("reminder") })
        }
    }
}
