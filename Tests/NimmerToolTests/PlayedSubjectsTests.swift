import NimmerPlatform
import NimmerServers
import Testing

@Suite("A recording that is played")
struct PlayedSubjectsTests {
    @Test(
        "shows what its subjects were chosen by, and not what is ignored",
        arguments: [
            ["wave", "tail", "dev.nervous.gates.>"],
            ["wave", "tail", "--ignore", "dev.nervous.cells.>", "--ignore", "dev.nervous.thalamus.>"],
            ["gate", "watch", "--count", "3"],
        ])
    func chosen(_ command: [String]) async throws {
        let answer = try await Tool.run(command + ["--from", Recorded.minute])
        #expect(answer.status.isSuccess)
        #expect(answer.text.contains("STABLE → CLOSED"))
        #expect(!answer.text.contains("∿ wave"))
    }
}
