import NimmerGate
import NimmerWave
import Testing

@testable import NimmerScope

/// The card of a decision, and the curve that the gate itself computes anew.
@Suite struct PageCardTests {
    private func played(seconds: Double) throws -> (ScopeState, PageFeed) {
        let stage = Stage(try Scenario.plant(), seconds: seconds)
        var feed = PageFeed()
        _ = feed.frames(of: stage.scope)
        return (stage.scope, feed)
    }

    /// The openings of gates that are kept, oldest first.
    private func openings(_ state: ScopeState) -> [Envelope<GateTransition>] {
        state.openings.numbers.compactMap { number in
            guard case .gateTransition(let transition)? = state.kept(state.openings[number]) else { return nil }
            return transition.body.gateID == GateID(region: transition.body.region) ? transition : nil
        }
    }

    @Test func aCardHoldsWhatTheMessagesHold() throws {
        let (state, feed) = try played(seconds: 90)
        let opening = try #require(openings(state).first)
        let story = try #require(state.pageStory(of: opening.header.messageID, feed))
        let card = PageCard(story, feed, state).json
        #expect(card["id"]?.string == opening.header.messageID.text)
        let witnesses = card["witnesses"]?.array ?? []
        #expect(witnesses.compactMap { $0["name"]?.string } == opening.body.triggerSignals.map(\.origin.text))
        for (witness, signal) in zip(witnesses, opening.body.triggerSignals) {
            #expect(abs((witness["push"]?.double ?? 9) - signal.push) < 0.001)
            #expect(witness["cell"]?.int != nil)
        }
        #expect(card["sentence"]?.string?.includes("independent witnesses agreed") == true)
        #expect(story.place?.number == 1)
        // The collapse and the request find the same.
        let collapse = try #require(story.collapse?.body.collapseID)
        #expect(state.pageStory(of: collapse, feed)?.opening == opening.header.messageID)
        if let request = story.request?.body.requestID {
            #expect(state.pageStory(of: request, feed)?.opening == opening.header.messageID)
        }
        #expect(state.pageStory(of: .v7(), feed) == nil)
    }

    @Test func withTheTrustThatItHadTheGateDoesTheSameAgain() throws {
        let (state, _) = try played(seconds: 110)
        let explanation: JSON = ["half_life_ms": .number(6000), "window_ms": .number(3000)]
        let all = openings(state)
        #expect(!all.isEmpty)
        for opening in all {
            let curve = try #require(
                PageCounterfactual(
                    of: opening.body.region.text, at: opening.body.at, in: state, explanation: explanation))
            let again = curve.run(trust: opening.body.weight)
            let at = try #require(again.opensAt)
            #expect(abs(at - opening.body.at.nanoseconds) < 20_000_000, "\(opening.body.region)")
            let reached = again.points.last { $0.at <= at }?.value ?? 0
            #expect(abs(reached - opening.body.stateValue) < 0.02, "\(opening.body.region)")
        }
    }

    @Test func asItWasMeansTheTrustOfEachOrigin() throws {
        let (state, _) = try played(seconds: 110)
        let opening = try #require(openings(state).first { $0.body.triggerSignals.count > 1 })
        let opener = try #require(opening.body.triggerSignals.first?.origin.text)
        let others = opening.body.triggerSignals.dropFirst().map(\.origin.text)
        func explanation(_ failed: Double) -> JSON {
            let origins = others.map { name -> JSON in
                ["origin": .string(name), "ok": .number(0), "failed": .number(failed), "trust": .number(0)]
            }
            return [
                "half_life_ms": .number(400), "window_ms": .number(2000), "open_threshold": .number(0.95),
                "trust": .string("earned"), "prior_weight": .number(0.5), "prior_outcomes": .number(2),
                "failed_weight": .number(1), "origins": .array(origins),
            ]
        }
        func sum(_ failed: Double, then trust: Double) throws -> Double {
            let curve = try #require(
                PageCounterfactual(
                    of: opening.body.region.text, at: opening.body.at, in: state, explanation: explanation(failed)))
            let found = curve.run(then: trust, opener: opener)
            #expect(found.trust == trust)
            return found.points.reduce(0) { $0 + abs($1.value) }
        }
        // Those who disappointed speak more quietly; so does an opener of little trust.
        #expect(try sum(50, then: 0.5) < sum(0, then: 0.5))
        #expect(try sum(0, then: 0.1) < sum(0, then: 0.9))
    }

    @Test func lessTrustOpensLaterOrNever() throws {
        let (state, _) = try played(seconds: 110)
        let opening = try #require(openings(state).first)
        // With a threshold that it does not reach by itself, the potential stays below 1.
        let explanation: JSON = [
            "half_life_ms": .number(400), "window_ms": .number(400), "open_threshold": .number(0.95),
        ]
        let curve = try #require(
            PageCounterfactual(of: opening.body.region.text, at: opening.body.at, in: state, explanation: explanation))
        let (little, much) = (curve.run(trust: 0), curve.run(trust: 0.95))
        func sum(_ curve: PageCounterfactual.Curve) -> Double { curve.points.reduce(0) { $0 + $1.value } }
        #expect(sum(much) > sum(little))
        #expect(little.trust == 0)
        #expect(much.trust == 0.95)
    }

    @Test func aGateWithoutWavesHasNoCurve() throws {
        let (state, _) = try played(seconds: 30)
        #expect(PageCounterfactual(of: "nowhere", at: state.now, in: state, explanation: nil) == nil)
    }

    @Test func historyKeepsEverySpikeAndCount() throws {
        let (state, feed) = try played(seconds: 60)
        let end = Scenario.start.advanced(milliseconds: 60_000).nanoseconds
        var history = PageHistory(from: Scenario.start.nanoseconds, to: end, columns: 40)
        let isUnknown = state.addPageHistory(to: &history, numbers: feed.cells)
        #expect(!isUnknown)
        let rows = history.json.array ?? []
        #expect(rows.count == state.buffer.traces.count)
        let waves = state.buffer.entries.numbers.count { number in
            let entry = state.buffer.entries[number]
            return entry.kind == .wave && entry.at < end
        }
        let counted = rows.reduce(0) { $0 + (bytes($1["count"]?.string).reduce(0) { $0 + Int($1) }) }
        #expect(counted == waves)
        // The greatest of all columns is the greatest wave.
        let highest = rows.flatMap { row in
            zip(bytes(row["max"]?.string), bytes(row["count"]?.string)).filter { $0.1 > 0 }.map {
                Int8(bitPattern: $0.0)
            }
        }.max()
        let loudest = state.buffer.entries.numbers.map { state.buffer.entries[$0] }.filter { $0.kind == .wave }.map(
            \.value
        ).max()
        #expect(abs(Double(highest ?? 0) / 127 - Double(loudest ?? 0)) < 0.01)
    }

    @Test func eventsThatWereLetGoAreKnownToBeMissing() throws {
        let stage = Stage(try Scenario.plant(), seconds: 110)
        var (all, few) = (PageFeed(), PageFeed(keeping: 3))
        _ = all.frames(of: stage.scope)
        _ = few.frames(of: stage.scope)
        #expect(all.oldestMark(stage.scope) == stage.scope.oldestKept)
        let begin = try #require(few.oldestMark(stage.scope))
        let end = stage.scope.now.nanoseconds
        func events(_ feed: PageFeed, from: Int64) -> Int {
            feed.marks(from: from, to: end, stage.scope).count { $0["k"]?.string != "potential" }
        }
        #expect(events(few, from: begin) == 3)
        #expect(events(all, from: begin) == 3)
        #expect(events(all, from: 0) > 3)
    }

    /// The bytes of a base64 text.
    private func bytes(_ text: String?) -> [UInt8] {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var out: [UInt8] = []
        var (bits, count) = (0, 0)
        for letter in text ?? "" where letter != "=" {
            bits = bits << 6 | (letters.firstIndex(of: letter) ?? 0)
            count += 6
            if count >= 8 {
                count -= 8
                out.append(UInt8(truncatingIfNeeded: bits >> count))
            }
        }
        return out
    }

    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy"),
    ])
    func base64IsThatOfTheRFC(text: String, expected: String) {
        #expect(Base64.text(Array(text.utf8)) == expected)
    }
}
