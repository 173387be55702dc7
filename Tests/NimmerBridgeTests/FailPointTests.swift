import NimmerBridge
import NimmerProcess
import NimmerWave
import Testing

/// Places where a test may kill the bridge: in builds for tests, and in no other.
@Suite struct FailPointTests {
    private func failPoint(_ changes: [String: SettingValue]) throws -> FailPoint {
        let manifest = Manifest(name: "cognition-bridge", version: "0.2.0", summary: "Answers.")
        let configuration = try Configuration(
            manifest, FailPoint.Options.self, role: .service, environment: .dev, changes: changes)
        return try FailPoint(Settings(configuration.settings))
    }

    #if DEBUG
        @Test func aBuildForTestsHasThem() throws {
            #expect(FailPoint.Options.declarations.map(\.key) == ["kill_at", "kill_by"])
            _ = try failPoint(["kill_at": .text("answered:2"), "kill_by": .text("pump_anomaly")])
        }

        @Test(arguments: ["nowhere", "taken:0", "taken:many"])
        func aStepThatIsNoneIsRefused(step: String) throws {
            let failure = #expect(throws: ProcessFailure.self) { try failPoint(["kill_at": .text(step)]) }
            #expect(failure?.message.hasPrefix("kill_at: found '\(step)'; expected one of taken, decided") == true)
        }
    #else
        @Test func aReleaseHasNone() throws {
            #expect(FailPoint.Options.declarations.isEmpty)
            #expect(throws: ProcessFailure.self) { try failPoint(["kill_at": .text("answered")]) }
        }
    #endif
}
