import NimmerIdentity
import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Testing

/// Who compares names may have the organ embed them, and ask nothing else of it.
@Suite struct IrisGrantTests {
    private static func thalamus(_ iris: String) throws -> Grant {
        let text = """
            nimmerverse: 1
            name: t
            organs:
              - {name: eye, kind: openai, model: m, url: "http://h", embeddings: true}
              - {name: voice, kind: openai, model: m, url: "http://h"}
            \(iris)
            """
        let system = try SystemFile(parsing: Array(text.utf8), file: "t.yaml")
        return try #require(try Grant.all(of: system, in: .dev).first { $0.name == "thalamus" })
    }

    @Test func theThalamusMayHaveItsOrganEmbed() throws {
        let grant = try Self.thalamus("iris: {organ: eye}")
        for subject in ["dev.organs.eye.embed", "dev.organs.eye.embed.thalamus", "$SRV.STATS.eye"] {
            #expect(grant.mayPublish(subject), "\(subject)")
        }
        for subject in [
            "dev.organs.eye.ask.thalamus", "dev.organs.eye.release.thalamus", "dev.organs.voice.embed.thalamus",
            "dev.organs.eye.embed.hippocampus",
        ] {
            #expect(!grant.mayPublish(subject), "\(subject)")
        }
    }

    @Test(arguments: ["", "iris: {}"])
    func withoutAnOrganThereIsNothingToAsk(_ iris: String) throws {
        #expect(!(try Self.thalamus(iris)).mayPublish("dev.organs.eye.embed.thalamus"))
    }
}
