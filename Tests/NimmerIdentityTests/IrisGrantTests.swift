import NimmerIdentity
import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Testing

/// Who compares names may have the organ embed them, and ask nothing else of it.
@Suite struct IrisGrantTests {
    private static func grant(_ iris: String, of name: String = "thalamus") throws -> Grant {
        let text = """
            nimmerverse: 1
            name: t
            organs:
              - {name: eye, kind: openai, model: m, url: "http://h", embeddings: true}
              - {name: voice, kind: openai, model: m, url: "http://h"}
            \(iris)
            """
        let system = try SystemFile(parsing: Array(text.utf8), file: "t.yaml")
        return try #require(try Grant.all(of: system, in: .dev).first { $0.name == name })
    }

    @Test func theThalamusMayHaveItsOrganEmbed() throws {
        let grant = try Self.grant("iris: {organ: eye}")
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

    @Test func theHippocampusMayAskTheOrganThatWritesSummaries() throws {
        let grant = try Self.grant("memory: {summaries: voice}\niris: {organ: eye}", of: "hippocampus")
        #expect(grant.mayPublish("dev.organs.voice.ask.hippocampus"))
        #expect(!grant.mayPublish("dev.organs.eye.ask.hippocampus"))
        #expect(!grant.mayPublish("dev.organs.voice.embed.hippocampus"))
        for other in ["memory: {summaries: voice}", "memory: {summaries: extractive}\niris: {}"] {
            let grant = try Self.grant(other, of: "hippocampus")
            #expect(!grant.mayPublish("dev.organs.voice.ask.hippocampus"), "\(other)")
        }
    }

    @Test(arguments: ["", "iris: {}"])
    func withoutAnOrganThereIsNothingToAsk(_ iris: String) throws {
        #expect(!(try Self.grant(iris)).mayPublish("dev.organs.eye.embed.thalamus"))
    }
}
