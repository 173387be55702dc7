import NimmerThalamus
import NimmerWave
import Synchronization
import Testing

@testable import NimmerGarden

// What outlives the process, and what fits into an answer.

extension GardenTests {
    private func kept(_ garden: VirtualGarden) -> [String: [UInt8]] {
        Dictionary(uniqueKeysWithValues: garden.snapshot.encoded.map { ($0.key, $0.value) })
    }

    @Test func declaredWeightsOutliveARestart() throws {
        let yaml = Self.yaml.replacing("trust: earned", with: "trust: declared")
        var garden = try garden(yaml)
        try hear(&garden, "door", 1)
        #expect(garden.open == 1)
        // Open when the garden ends: still a reflex afterwards.
        var next = try self.garden(yaml)
        _ = next.resume(kept(garden), at: at(2))
        #expect(next.open == 1)
        pass(&next, 30)
        #expect(next.open == 0)
        #expect(try hear(&next, "door", 31).map { $0.variant?.text } == ["eager"])
        // At rest when the garden ends, with what outcomes have shown.
        let opening = try real(&garden, 1.2, until: 3)
        try decide(&garden, opening, .failed)
        let moved = try #require(garden.variants[0].thalamus.declaredWeights.first)
        #expect(abs(moved.weight - 0.85) < 1e-12)
        var open = try self.garden(yaml)
        _ = open.resume(kept(garden), at: at(2))
        pass(&garden, 30)
        var rest = try self.garden(yaml)
        _ = rest.resume(kept(garden), at: at(31))
        #expect(garden.open == 0 && rest.open == 0 && open.open == 1)
        for garden in [open, rest] {
            #expect(garden.variants[0].thalamus.declaredWeights.map(\.weight) == [moved.weight])
        }
    }

    /// Openings with 64 witnesses of long names, and what outcomes have shown of 100 origins in each of 60 regions.
    private func large() throws -> VirtualGarden {
        var garden = try garden()
        let witnesses = try (0..<64).map { number in
            let name = try Token(String(repeating: "w", count: 55) + "-\(number)")
            return TriggerSignal(
                source: name.text, origin: name, confidence: 0.9, polarity: 1, timestamp: at(1), push: 0.1)
        }
        for number in 0..<VariantRun.kept {
            let transition = GateTransition(
                gateID: GateID(region: try Region("hall")), domain: try Token("hall"), region: try Region("hall"),
                fromState: .stable, toState: .open, stateValue: 0.9, weight: 0.5, triggerSignals: witnesses,
                at: at(Double(number * 100)))
            var opening = VirtualOpening(transition, id: .named("large \(number)"), window: 1_000)
            opening.span.until = at(Double(number * 100 + 1))
            garden.variants[0].openings.append(opening)
        }
        for region in 0..<60 {
            let origins = try (0..<100).map { number in
                OriginRecord(
                    origin: try Token("an-origin-of-some-name-\(number)"), confirmed: Double(number), failed: 1)
            }
            garden.variants[0].thalamus.restore(origins, region: try Region("hall.room-\(region)"))
        }
        return garden
    }

    @Test func aValueHasRoomInTheBucketAndTheFiguresAreWhole() throws {
        let garden = try large()
        let kept = kept(garden)
        #expect(kept.values.allSatisfy { $0.count <= GardenSnapshot.maximumBytes }, "\(kept.mapValues(\.count))")
        var next = try self.garden()
        #expect(next.resume(kept, at: at(100_000)) == ["eager", "three"])
        #expect(next.reports == garden.reports)
        #expect(next.variants[0].openings.last?.id == garden.variants[0].openings.last?.id)
        #expect(next.variants[0].openings.count < VariantRun.kept)
        // Who has the most outcomes is kept.
        let trust = next.variants[0].thalamus.trust().flatMap(\.records)
        #expect(trust.map(\.confirmed).max() == 99 && (trust.map(\.confirmed).min() ?? 0) > 0)
    }

    @Test func anAnswerFitsIntoAMessage() throws {
        let garden = try large()
        for command in ["list", "show", "diff"] {
            let answer = try garden.answer(Command(command: command, payload: ["variant": "eager"]))
            #expect(answer.text.utf8.count <= Wire.maximumBytes - 1_024, "\(command)")
        }
        let show = try garden.answer(Command(command: "show", payload: ["variant": "eager"]))
        #expect(show["openings"]?[0]?["id"]?.string == garden.variants[0].openings.last?.id.text)
        let trust = try TrustSnapshot(try #require(show["trust"]))
        let shown = trust.entries.reduce(0) { $0 + $1.origins.count }
        #expect(shown > 100 && show["trust_left_out"]?.int == 6_000 - shown)
        #expect(trust.entries.allSatisfy { $0.origins.contains { $0.confirmed == 99 } })
    }

    @Test func nothingWasMissedOnlyBehindAStateThatIsWhole() async throws {
        struct Full: Error {}
        let puts = Mutex<[String]>([])
        let refused = Mutex<String?>(VirtualGarden.key("three"))
        let keeper = GardenKeeper { key, _ in
            if refused.withLock({ $0 == key }) { throw Full() }
            puts.withLock { $0.append(key) }
        }
        var garden = try garden()
        try hear(&garden, "door", 1)
        #expect(await !keeper.keep(garden.snapshot, at: at(2)))
        #expect(keeper.trouble != nil)
        #expect(puts.withLock { $0 } == [VirtualGarden.key("eager")])
        refused.withLock { $0 = nil }
        #expect(await keeper.keep(garden.snapshot, at: at(3)))
        #expect(keeper.trouble == nil)
        let rest = [VirtualGarden.key("three"), VirtualGarden.realKey, VirtualGarden.aliveKey]
        #expect(puts.withLock { Array($0.dropFirst()) } == rest)
        #expect(await keeper.keep(nil, at: at(4)))
        #expect(puts.withLock { Array($0.dropFirst(4)) } == [VirtualGarden.aliveKey])
    }

    @Test func aReportNamesTheSettingsThatItIsOf() throws {
        let report = try report(garden(), "eager")
        let system = try garden(Self.yaml.replacing("weight: 0.9, reflex", with: "weight: 0.95, reflex"))
        #expect(report.digest != (try self.report(system, "eager")).digest && !report.digest.isEmpty)
        #expect(GardenReport(report.json) == report)
    }
}
