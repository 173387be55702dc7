import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Testing

@testable import NimmerIdentity

/// The garden may hear and publish traces; nothing that wakes, decides or moves.
@Suite struct GardenGrantTests {
    private func grants(_ virtual: String) throws -> [Grant] {
        let text = "nimmerverse: 1\nname: p\ncells: [{name: motor, kind: motor/v1}]\n\(virtual)"
        return try Grant.all(of: try SystemFile(parsing: Array(text.utf8), file: "p.yaml"), in: .dev)
    }

    private static let variants = "virtual: {eager: {gates: {defaults: {quorum: 2}}}}\n"

    @Test func itPublishesTracesAlone() throws {
        let garden = try #require(try grants(Self.variants).first { $0.name == "garden" })
        #expect(garden.mayPublish("dev.nervous.traces.correlation"))
        #expect(garden.maySubscribe("dev.nervous.cells.motor.wave") && garden.maySubscribe("dev.nervous.nerves.n.wave"))
        #expect(garden.maySubscribe("dev.nervous.cells.garden.request.operator"))
        for subject in [
            "dev.nervous.gates.plant.transition", "dev.nervous.gates.plant.transition.garden",
            "dev.nervous.gates.plant.outcome",
            "dev.nervous.thalamus.collapse", "dev.nervous.thalamus.attention", "dev.cognitive.bridge.request",
            "dev.cognitive.bridge.request.garden", "dev.cognitive.bridge.response", "dev.cognitive.bridge.act",
            "dev.nervous.cells.motor.request", "dev.nervous.cells.motor.request.garden", "dev.nervous.cells.motor.wave",
            "dev.nervous.cells.garden.wave", "dev.nervous.outcomes.plant.feedback",
            "dev.nervous.outcomes.plant.feedback.garden",
            "dev.organs.language.ask.garden", "$KV.DEV-GARDEN.promotions.1", "$KV.DEV-ACTS.x", "$KV.DEV-LEARNED.motor",
            "$JS.API.STREAM.UPDATE.DEV-TRANSITIONS", "$JS.API.STREAM.UPDATE.KV_DEV-GARDEN",
            "$JS.API.STREAM.DELETE.KV_DEV-GARDEN", "$JS.API.STREAM.PURGE.KV_DEV-GARDEN",
            "$JS.API.CONSUMER.MSG.NEXT.DEV-TRANSITIONS.bridge",
            "$JS.API.CONSUMER.DELETE.DEV-TRANSITIONS.hippocampus",
        ] { #expect(!garden.mayPublish(subject), "\(subject)") }
        #expect(garden.mayPublish("$KV.DEV-GARDEN.state.variant.eager"))
    }

    @Test func peopleMayAskItAndOperatorsKeepTheTrail() throws {
        let grants = try grants(Self.variants)
        let observer = try #require(grants.first { $0.role == .observer })
        #expect(observer.mayPublish("dev.nervous.cells.garden.request.observer"))
        #expect(!observer.mayPublish("$KV.DEV-GARDEN.promotions.1"))
        let operators = try #require(grants.first { $0.role == .operator })
        #expect(operators.mayPublish("dev.nervous.cells.garden.request.operator"))
        #expect(operators.mayPublish("$KV.DEV-GARDEN.promotions.1"))
        #expect(!operators.mayPublish("$KV.DEV-GARDEN.state.real"))
    }

    @Test func withoutVariantsThereIsNoSuchIdentity() throws {
        #expect(try grants("").allSatisfy { $0.name != "garden" })
        #expect(throws: SystemError.self) {
            let text = "nimmerverse: 1\nname: p\ncells: [{name: garden, kind: motor/v1}]\n\(Self.variants)"
            _ = try Grant.all(of: try SystemFile(parsing: Array(text.utf8), file: "p.yaml"), in: .dev)
        }
    }
}
