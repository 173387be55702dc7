import NimmerWave
import Testing

/// Subjects that several identities publish to, with a sender behind them and without (protocol.md, Sender).
@Suite struct SharedSubjectTests {
    @Test(arguments: [
        "dev.nervous.cells.motor.request", "dev.cognitive.bridge.request", "dev.nervous.outcomes.plant--a.feedback",
        "prod.organs.vision.ask", "dev.organs.vision.embed", "dev.nervous.gates.motor-cell.transition",
    ])
    func bothFormsAreTold(_ text: String) throws {
        let plain = try Subject(foreign: text)
        let sender = try Token("collision-avoidance_2")
        let own = plain.from(sender)
        #expect(own.text == "\(text).collision-avoidance_2")
        #expect(plain.from(nil) == plain)
        #expect(SharedSubject(plain)?.plain == plain)
        #expect(SharedSubject(plain)?.sender == nil)
        #expect(SharedSubject(own)?.plain == plain)
        #expect(SharedSubject(own)?.sender == sender)
        let patterns = SubjectPattern.shared(plain)
        // Exactly one, so that nobody hears a message twice.
        #expect(patterns.filter { $0.matches(plain) }.count == 1)
        #expect(patterns.filter { $0.matches(own) }.count == 1)
    }

    @Test(arguments: [
        "dev.nervous.cells.motor.wave", "dev.nervous.cells.motor.request.a.b", "dev.nervous.cells.motor.handover",
        "dev.nervous.cells.motor.request.A", "dev.cognitive.bridge.response", "dev.cognitive.bridge.request.a.b",
        "dev.nervous.gates.plant.transition.a.b", "dev.nervous.gates.plant.outcome", "dev.nervous.outcomes.plant",
        "dev.nervous.nerves.motor.request", "dev.organs.vision", "dev.organs.vision.ask.a.b", "dev.request", "dev",
    ])
    func othersAreNotShared(_ text: String) throws {
        #expect(SharedSubject(try Subject(foreign: text)) == nil)
    }

    @Test func theGateOfAnOutcomeIsThatOfItsSubject() throws {
        let gate = GateID(region: try Region("plant.a"))
        let plain = Subject.feedback(.dev, gate: gate)
        #expect(plain.feedbackGate == gate)
        #expect(plain.from(try Token("operator")).feedbackGate == gate)
        #expect(Subject.request(.dev, cell: try Token("plant")).feedbackGate == nil)
        #expect(Subject.acceptedOutcome(.dev, gate: gate).feedbackGate == nil)
        #expect(try Subject(foreign: "dev.nervous.outcomes.Plant.feedback").feedbackGate == nil)
    }

    @Test func noReaderOfWavesHearsAChange() throws {
        for isNerve in [false, true] {
            let subject = Subject.change(.staging, try Token("flow"), isNerve: isNerve)
            #expect(subject.text == "staging.nervous.\(isNerve ? "nerves" : "cells").flow.change")
            #expect(SubjectPattern.cellChanges(.staging).matches(subject) != isNerve)
            #expect(SubjectPattern.nerveChanges(.staging).matches(subject) == isNerve)
            #expect(SharedSubject(subject) == nil)
            for pattern in [
                SubjectPattern.waves(.staging), .waves(.staging, of: try Token("flow")), .cellWaves(.staging),
                .nerveWaves(.staging), .transitions(.staging), .reportedTransitions(.staging), .outcomes(.staging),
                .acceptedOutcomes(.staging), .shard(.staging, part: 3),
            ] { #expect(!pattern.matches(subject), "\(pattern)") }
        }
        #expect(!SubjectPattern.cellChanges(.staging).matches(.wave(.staging, cell: try Token("flow"))))
    }

    @Test func sumsOfLifeforceTouchNoOtherStream() throws {
        let subject = Subject.lifeforce(.staging, of: try Token("thalamus"))
        #expect(subject.text == "staging.nervous.lifeforce.thalamus")
        #expect(SubjectPattern.lifeforce(.staging).matches(subject))
        #expect(SubjectPattern.storedLifeforce(.staging).matches(subject))
        #expect(!SubjectPattern.storedLifeforce(.staging).matches(.lifeforce(.staging, of: try Token("vision"))))
        for pattern in [
            SubjectPattern.outcomes(.staging), .transitions(.staging), .waves(.staging), .acceptedOutcomes(.staging),
            .nerveStates(.staging),
        ] { #expect(!pattern.matches(subject), "\(pattern)") }
    }

    @Test func acceptedOutcomesTouchNoOtherStream() throws {
        let subject = Subject.acceptedOutcome(.staging, gate: try GateID("plant"))
        #expect(subject.text == "staging.nervous.gates.plant.outcome")
        #expect(SubjectPattern.acceptedOutcomes(.staging).matches(subject))
        #expect(!SubjectPattern.outcomes(.staging).matches(subject))
        #expect(!SubjectPattern.transitions(.staging).matches(subject))
        #expect(!SubjectPattern.waves(.staging).matches(subject))
        #expect(!SubjectPattern.acceptedOutcomes(.staging).matches(.transition(.staging, gate: try GateID("plant"))))
    }
}
