import NimmerWave
import Testing

/// Topics as nats-server translates them (its `TestMQTTTopicAndSubjectConversion` has the same pairs).
@Suite("MQTT topics as subjects")
struct MQTTTopicTests {
    @Test(
        "a topic has the subject that nats-server gives it",
        arguments: [
            ("tele/hotWater/SENSOR", "tele.hotWater.SENSOR"), ("zigbee2mqtt/door", "zigbee2mqtt.door"),
            ("foo/", "foo./"), ("/foo", "/.foo"), ("/foo/bar", "/.foo.bar"), ("//foo", "/./.foo"),
            ("foo//bar", "foo./.bar"),
            ("foo//", "foo././"), ("foo///", "foo./././"), ("///foo", "/././.foo"), ("/foo/bar/", "/.foo.bar./"),
            ("foo///bar", "foo././.bar"), ("//", "/././"), ("/", "/./"), ("spBv1.0/plant1", "spBv1//0.plant1"),
            (".foo/bar", "//foo.bar"),
            ("foo./bar", "foo//.bar"), ("a.b.c/d", "a//b//c.d"), ("/a.b", "/.a//b"),
        ])
    func topics(topic: String, subject: String) throws {
        #expect(MQTTTopic.isTopic(topic))
        #expect(try MQTTTopic.subject(of: topic) == subject)
        #expect(try Subject(given: topic).text == subject)
        #expect(try MQTTTopic.subject(of: subject) == subject, "a subject that a person reads off stays as it is")
    }

    @Test(
        "a filter has a pattern",
        arguments: [
            ("#", ">"), ("+", "*"), ("tele/#", "tele.>"), ("zigbee2mqtt/+", "zigbee2mqtt.*"), ("+/state", "*.state"),
            ("a/+/b/#", "a.*.b.>"), ("/+", "/.*"), ("+/+", "*.*"), ("a.b/+", "a//b.*"), ("//#", "/./.>"),
        ])
    func filters(filter: String, pattern: String) throws {
        #expect(try SubjectPattern(given: filter).text == pattern)
        #expect(throws: Refusal.self) { try Subject(given: filter) }
    }

    @Test(
        "a subject stays as it is",
        arguments: ["a", "a.b", "a.*", "a.>", "dev.nervous.cells.*.wave", "/.a", "a./", "a//b.c", "a./.b", "$SRV.INFO"])
    func subjects(text: String) throws {
        #expect(!MQTTTopic.isTopic(text))
        #expect(try SubjectPattern(given: text).text == text)
    }

    @Test(
        "what is neither is refused by its name",
        arguments: [
            "a/b c", "a/b#", "a/#/b", "a/+b", "a/b+", "a/*", "a/>", "a.+", "a.#", "#.a", "", "a..b", "a/\u{7f}",
            "a/b\n",
        ])
    func refused(text: String) {
        let error = #expect(throws: Refusal.self) { try SubjectPattern(given: text) }
        if !text.isEmpty, text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) {
            #expect(error?.description.contains("'\(text)'") == true, "\(String(describing: error))")
        }
    }
}
