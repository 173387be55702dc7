import NimmerGate
import NimmerWave
import Testing

@testable import NimmerThalamus

/// An opening is one message that carries its collapse and the terms of its question (decision 0012).
@Suite struct OpeningTests {
    @Test func itReadsBackAsWhatTheThalamusConcluded() throws {
        var bench = Bench()
        try bench.wave("a", 0.6, at: 0, content: #"{"a": 1.0}"#)
        try bench.wave("b", 0.5, at: 200, content: #"{"b":[ 2 ]}"#)
        let opening = try #require(bench.take().first)
        let source = Source(entityID: "thalamus-1", entityType: .thalamus)
        let bytes = Envelope(id: opening.id, at: opening.transition.at, from: source, opening.transition).encoded()
        let read = try Envelope<GateTransition>(decoding: bytes)
        #expect(read.collapsed?.body == opening.collapse)
        #expect(read.escalated?.body.json.resolved == opening.request?.json.resolved)
        let collapse = try #require(read.collapsed), request = try #require(read.escalated)
        #expect(collapse.header.messageID == collapse.body.collapseID && collapse.body.transitionID == opening.id)
        #expect(request.header.messageID == .request(of: collapse.body.collapseID))
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.components(separatedBy: #"{"a": 1.0}"#) == 2, "contents stand in it once")
    }

    @Test func itKeepsWithinAMessageHoweverMuchItsWitnessesSay() throws {
        let long = String(repeating: "x", count: 59)
        var bench = Bench { configuration in
            configuration.gate = { _ in
                var gate = GateConfiguration()
                gate.maximumOrigins = 256
                gate.openThreshold = 0.999
                return gate
            }
            let actions = (0..<64).map {
                SuggestedAction(action: String(repeating: "\"", count: 120) + "\($0)", confidence: 1.0 / 3)
            }
            configuration.escalation.events = [
                .init(pattern: try! SubjectPattern("math"), type: String(repeating: "e", count: 128), actions: actions)
            ]
        }
        let content = #"{"text":"\#(String(repeating: "é", count: 900))"}"#
        for index in 0..<200 {
            try bench.wave(
                "\(long)\(index)", 0.3 + Double(index) / 1000, at: Double(index) / 7, origin: "\(long)\(index)",
                content: content)
        }
        let opening = try #require(bench.take().first { $0.transition.toState == .open })
        let source = Source(entityID: String(repeating: "t", count: 128), entityType: .thalamus)
        let message = Envelope(id: opening.id, at: opening.transition.at, from: source, opening.transition)
        let bytes = message.encoded()
        #expect(bytes.count <= Wire.maximumBytes)
        let read = try Envelope<GateTransition>(decoding: bytes)
        let request = try #require(read.escalated)
        #expect(try Envelope<CognitiveRequest>(decoding: request.encoded()).body.requestID == request.body.requestID)
        #expect(read.collapsed?.body.witnesses.isEmpty == false)
    }

    @Test func itIsAboutWhatItsSurestWitnessIsAbout() throws {
        var bench = Bench {
            $0.regions = RegionMap([
                .init(region: Region(try! Token("plant")), patterns: [try! SubjectPattern("plant.>")])
            ])
        }
        try bench.wave("chatty", 0.25, at: 0, domain: "weather", region: "plant.a")
        try bench.wave("pump", 0.9, at: 100, domain: "pressure", region: "plant.b")
        try bench.wave("valve", 0.7, at: 200, domain: "flow", region: "plant.b")
        let opening = try #require(bench.take().first { $0.transition.toState == .open })
        #expect(opening.transition.domain.text == "pressure")
        #expect(opening.request?.domain.text == "pressure")
    }

    @Test func aWitnessThatTurnsToAnotherDomainIsHeardAsThat() throws {
        var bench = Bench()
        try bench.wave("a", 0.9, at: 0, domain: "pressure", region: "plant")
        try bench.wave("a", 0.9, at: 50, domain: "flow", region: "plant")
        try bench.wave("b", 0.8, at: 100, domain: "pressure", region: "plant")
        #expect(bench.take().first?.request?.domain.text == "flow")
    }

    @Test func aMappedRegionLeadsToTheGateInWhichItsWavesLive() throws {
        var bench = Bench {
            $0.regions = RegionMap([
                .init(region: Region(try! Token("home")), patterns: [try! SubjectPattern("home.>")])
            ])
        }
        try bench.wave("rack", 0.9, at: 0, region: "home.rack")
        let now = Bench.epoch
        for name in ["home.rack", "home"] {
            #expect(bench.thalamus.explanation(of: name, at: now)?["gate"]?.string == "home", "\(name)")
        }
        #expect(bench.thalamus.explanation(of: "garden.rack", at: now) == nil)
    }

    @Test func onePolicyKeepsItDown() throws {
        var bench = Bench { $0.escalation.minimumConfidence = 0.95 }
        try bench.wave("a", 0.6, at: 0)
        try bench.wave("b", 0.5, at: 200)
        let opening = try #require(bench.take().first)
        #expect(opening.collapse != nil && opening.request == nil && opening.transition.escalation == nil)
        #expect(bench.thalamus.counters.collapses == 1 && bench.thalamus.counters.escalations == 0)
    }
}

extension String {
    /// How often a text stands between others, plus one.
    fileprivate func components(separatedBy text: String) -> Int {
        var rest = Substring(self)
        var count = 1
        while let found = rest.ranges(of: text).first {
            count += 1
            rest = rest[found.upperBound...]
        }
        return count
    }
}
