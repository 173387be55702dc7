import NimmerTerminal
import NimmerWave
import Testing

@testable import NimmerScope

/// Who knows a device by its MQTT topic filters by it.
@Suite("Topics in filters") struct TopicTextTests {
    @Test(arguments: [
        ("tele/hotWater/SENSOR", "tele.hotWater.SENSOR", true), ("tele/hotWater", "tele.hotWater.SENSOR", true),
        ("tele/", "tele.hotWater.SENSOR", true), ("tele/+/SENSOR", "tele.hotWater.SENSOR", true),
        ("tele/#", "tele.hotWater.SENSOR", true), ("tele/hotWater/STATE", "tele.hotWater.SENSOR", false),
        ("tele/+", "tele.hotWater.SENSOR", false), ("/tele/a", "/.tele.a", true), ("v1.0/state", "v1//0.state", true),
        ("#", "a.b", false), ("+", "a", false), ("tele.hotWater", "other", false), ("", "a", false),
        ("a /b", "a.b", false),
    ]) func aTopicIsItsSubject(_ text: String, _ subject: String, _ isIn: Bool) {
        #expect(TopicText(text).matches(subject) == isIn)
    }

    @Test func theScreenShowsWhatATopicNames() throws {
        var stage = Stage([], seconds: 1)
        for subject in ["tele.hotWater.SENSOR", "tele.boiler.SENSOR"] {
            _ = stage.scope.reduce(.message(subject: subject, payload: Array("{}".utf8), arrival: stage.now))
        }
        stage.type("/tele/hotWater/SENSOR")
        #expect(stage.scope.buffer.shown.count == 1)
        stage.press(.control("u"))
        stage.type("!tele/+/SENSOR")
        #expect(stage.scope.buffer.shown.isEmpty)
    }
}
