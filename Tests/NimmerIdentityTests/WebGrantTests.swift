import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Testing

@testable import NimmerIdentity

/// The page for browsers has an identity where the system file names it, and acts where that lets it.
@Suite struct WebGrantTests {
    private func grants(_ text: String) throws -> [Grant] {
        let text = "nimmerverse: 1\nname: p\ncells: [{name: motor, kind: motor/v1}]\n\(text)"
        return try Grant.all(of: try SystemFile(parsing: Array(text.utf8), file: "p.yaml"), in: .dev)
    }

    private func page(_ text: String) throws -> Grant {
        try #require(try grants(text).first { $0.name == "web" && $0.role == .web })
    }

    @Test func itLooksByDefault() throws {
        let page = try page("web: {}\n")
        #expect(page.maySubscribe("dev.nervous.cells.motor.wave") && page.maySubscribe("dev.cognitive.bridge.act"))
        #expect(page.mayPublish("dev.nervous.cells.thalamus.request.web"))
        #expect(page.mayPublish("dev.nervous.cells.cognition-bridge.request.web"))
        #expect(page.mayPublish("$JS.API.CONSUMER.CREATE.DEV-WAVES"))
        for subject in [
            "dev.nervous.outcomes.plant.feedback", "dev.nervous.outcomes.plant.feedback.web",
            "dev.nervous.outcomes.plant.feedback.operator", "dev.nervous.cells.cognition-bridge.request",
            "dev.nervous.cells.cognition-bridge.request.operator", "dev.nervous.cells.motor.request",
            "dev.nervous.cells.motor.request.web", "dev.nervous.cells.garden.request.web",
            "dev.nervous.cells.web.wave", "dev.cognitive.bridge.request.web",
            "dev.cognitive.bridge.response", "dev.nervous.gates.plant.outcome", "dev.organs.language.ask.web",
            "$KV.DEV-ACTS.x", "$JS.API.STREAM.UPDATE.DEV-TRANSITIONS", "$JS.API.STREAM.CREATE.DEV-TRANSITIONS",
            "$JS.API.CONSUMER.MSG.NEXT.DEV-TRANSITIONS.bridge", "$JS.API.CONSUMER.DELETE.DEV-TRANSITIONS.hippocampus",
        ] { #expect(!page.mayPublish(subject), "\(subject)") }
    }

    /// It hears where a part waits for an answer, or for the acknowledgement of what it has a stream keep.
    @Test func itAnswersPeopleAndNoPartOfTheSystem() throws {
        let page = try page("web: {role: operator}\n")
        for part in ["thalamus", "cognition-bridge", "hippocampus", "garden", "motor", "x"] {
            #expect(!page.mayPublish("_INBOX.\(part).x.1"), "\(part)")
        }
        for person in ["observer", "operator", "owner", "web"] {
            #expect(page.mayPublish("_INBOX.\(person).x.1"), "\(person)")
        }
        #expect(page.queueDenied == ["dev.>"])
    }

    @Test func anOperatorsPageAlsoVerifies() throws {
        let (looks, acts) = (try page("web: {role: observer}\n"), try page("web: {role: operator}\n"))
        #expect(acts.mayPublish("dev.nervous.outcomes.plant.feedback.web"))
        #expect(Set(acts.publish).subtracting(looks.publish) == ["dev.nervous.outcomes.*.feedback.web"])
        #expect(Set(acts.subscribe) == Set(looks.subscribe))
    }

    @Test func itAsksTheGardenWhereThereIsOne() throws {
        let text = "web: {}\nvirtual: {eager: {gates: {defaults: {quorum: 2}}}}\n"
        #expect(try page(text).mayPublish("dev.nervous.cells.garden.request.web"))
    }

    @Test func withoutTheSectionTheNameIsFree() throws {
        #expect(try grants("").allSatisfy { $0.role != .web })
        let cell = "nimmerverse: 1\nname: p\ncells: [{name: web, kind: http/v1}]\n"
        func names(_ text: String) throws -> [String] {
            try Grant.all(of: try SystemFile(parsing: Array(text.utf8), file: "p.yaml"), in: .dev).map(\.name)
        }
        #expect(try names(cell).contains("web"))
        #expect(throws: SystemError.self) { try names(cell + "web: {}\n") }
    }
}
