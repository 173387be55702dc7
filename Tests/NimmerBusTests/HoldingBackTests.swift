import NimmerBus
import NimmerBusNATS
import NimmerServers
import NimmerWave
import Synchronization
import Testing

/// What docs/decisions/0016-a-flood-is-held-back-by-the-server.md rests on.
@Suite("A sender that is held back by a slow connection in the group of its hearer")
struct HoldingBackTests {
    @Test(arguments: await Servers.installed())
    func itsMessagesGoToTheOtherMembersAndNobodyElses(_ binary: NATSBinary) async throws {
        try await TestServer.with(binary) { server, hearer in
            var settings = BusSettings(url: server.url, name: "slow", waitsForServer: false)
            settings.maximumReadRate = 32 << 20
            let slow = try await NATSBus.open(settings)
            let speaker = try await NATSBus.open(BusSettings(url: server.url, name: "speaker", waitsForServer: false))
            let heard = Mutex<[String: Int]>([:])
            let aside = Atomic<Int>(0)
            let group = try Token("group")
            _ = try await hearer.subscribe(.waves(.dev), queue: group) { subject, _, _ in
                let text = subject.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
                heard.withLock { $0[text, default: 0] += 1 }
            }
            for _ in 1..<64 {
                _ = try await slow.subscribe(.waves(.dev, of: Token("mad")), queue: group) { _, _, _ in
                    aside.wrappingAdd(1, ordering: .relaxed)
                }
            }
            let (mad, mild) = (Subject.wave(.dev, cell: try Token("mad")), Subject.wave(.dev, cell: try Token("mild")))
            for _ in 0..<6_400 {
                try speaker.publish(mad, payload: [1], headers: [:], reply: nil)
                try speaker.publish(mild, payload: [1], headers: [:], reply: nil)
            }
            for bus in [speaker, hearer, slow] { _ = try await bus.flush(timeout: .seconds(60)) }
            let counts = heard.withLock { $0 }
            #expect(counts[mild.text] == 6_400)
            // 100 are expected, more or less 10.
            let few = counts[mad.text] ?? 0
            #expect(few > 20 && few < 250)
            #expect(few + aside.load(ordering: .relaxed) == 6_400)
            // Without the other members everything comes here again, once the server has seen them go.
            await slow.close()
            var isWhole = false
            for _ in 0..<100 where !isWhole {
                let before = heard.withLock { $0[mad.text] } ?? 0
                for _ in 0..<100 { try speaker.publish(mad, payload: [1], headers: [:], reply: nil) }
                for bus in [speaker, hearer] { _ = try await bus.flush(timeout: .seconds(60)) }
                isWhole = heard.withLock { $0[mad.text] } == before + 100
            }
            #expect(isWhole)
            await speaker.close()
        }
    }
}
