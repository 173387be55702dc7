import NimmerGate
import NimmerWave
import Testing

@testable import NimmerThalamus

/// Artifacts that waves name reach the collapse, the request and nothing of the gate (spec/artifacts.md, Waves that name artifacts).
@Suite struct NamedArtifactTests {
    private func wave(
        _ bench: inout Bench, _ cell: String, at milliseconds: Double, _ artifacts: [ArtifactReference]
    ) throws {
        let signal = WaveSignal(
            domain: try Token("math"), confidence: 0.6, semanticContent: [:], artifacts: artifacts)
        let bytes = Envelope(
            id: .v7(), at: Bench.epoch.advanced(milliseconds: milliseconds),
            from: Source(entityID: cell, entityType: .cell), signal
        ).encoded()
        let subject = Array(Subject.wave(.dev, cell: try Token(cell)).text.utf8)
        _ = try bench.thalamus.receive(subject: subject.span.bytes, payload: bytes.span.bytes, arrival: nil)
    }

    private func artifact(_ number: UInt8, type: String = "image/png") throws -> ArtifactReference {
        ArtifactReference(digest: ArtifactDigest(of: [number]), type: try MediaType(type), bytes: Int(number))
    }

    @Test func witnessesBringThemUp() throws {
        var bench = Bench()
        let (one, two) = (try artifact(1), try artifact(2, type: "audio/wav"))
        // A wave that names none takes the place of one that did.
        try wave(&bench, "a", at: 0, [try artifact(9)])
        try wave(&bench, "a", at: 50, [])
        try wave(&bench, "b", at: 200, [one, two])
        let opening = try #require(bench.take().first { $0.transition.toState == .open })
        let source = Source(entityID: "thalamus-1", entityType: .thalamus)
        let bytes = Envelope(id: opening.id, at: opening.transition.at, from: source, opening.transition).encoded()
        let read = try Envelope<GateTransition>(decoding: bytes)
        let collapse = try #require(read.collapsed?.body)
        #expect(collapse.witnesses.map(\.artifacts) == [[], [one, two]])
        let request = try #require(read.escalated?.body)
        guard case .escalation(let input) = request.input else {
            Issue.record("no input of an opening")
            return
        }
        #expect(input.witnesses?.map(\.artifacts) == [[], [one, two]])
    }

    @Test func theMostAndLongestNamesKeepWithinAMessage() throws {
        var bench = Bench { configuration in
            configuration.gate = { _ in
                var gate = GateConfiguration()
                gate.maximumOrigins = 256
                gate.openThreshold = 0.999
                return gate
            }
        }
        let type = "application/" + String(repeating: "x", count: 115)
        for cell in 0..<200 {
            let names = try (UInt8(0)..<8).map { try artifact($0, type: type) }
            try wave(&bench, "cell-\(cell)", at: Double(cell) / 7, names)
        }
        let opening = try #require(bench.take().first { $0.transition.toState == .open })
        let source = Source(entityID: String(repeating: "t", count: 128), entityType: .thalamus)
        let bytes = Envelope(id: opening.id, at: opening.transition.at, from: source, opening.transition).encoded()
        #expect(bytes.count <= Wire.maximumBytes, "\(bytes.count)")
        let collapse = try #require(try Envelope<GateTransition>(decoding: bytes).collapsed)
        #expect(collapse.body.witnesses.contains { $0.artifacts.count == 8 })
        #expect(collapse.encoded().count <= Wire.maximumBytes)
    }
}
