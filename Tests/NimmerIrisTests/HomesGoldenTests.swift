import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerIris

/// Regions join by the table in the repository as the golden cases have it.
@Suite("Homes, golden cases") struct HomesGoldenTests {
    private static let folder = "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/")

    /// A case: names in their order, and the home that each lives in.
    private struct Case {
        let name: String
        let regions: [(region: Region, home: Region)]

        init(_ json: JSON) throws {
            let json = json.resolved
            name = try #require(json["name"]?.string)
            regions = try #require(json["regions"]?.array).map { row in
                let row = row.resolved
                return (try Region(try #require(row["region"]?.string)), try Region(try #require(row["home"]?.string)))
            }
        }
    }

    @Test func regionsJoinAsTheCasesHaveIt() throws {
        let files = try MeaningFiles.own.get()
        let names = NameMeanings(files.table, files.links)
        let text = try #require(SmallFile.read(Self.folder + "/Golden/homes.json"))
        let cases = try #require(try JSON(parsing: Array(text.utf8)).array).map { try Case($0) }
        #expect(cases.count >= 4)
        for golden in cases {
            var homes = Homes(join: JoinRule.defaultJoin, hysteresis: 0.05)
            for (place, row) in golden.regions.enumerated() {
                let answer: Homes.Answer
                do throws(EmbeddingError) { answer = .meaning(try names.meaning(of: row.region)) } catch {
                    answer = .missing("\(error)")
                }
                let event = homes.assign(row.region, answer, by: HomesTests.author, relation: names.relation)
                homes.apply(event, revision: place + 1)
                #expect(
                    homes.home(of: row.region) == row.home,
                    "\(golden.name): \(row.region), cosine \(event.cosine ?? 0), needed \(event.required ?? 9)")
            }
        }
    }
}
