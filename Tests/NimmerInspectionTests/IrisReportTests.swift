import NimmerInspection
import NimmerWave
import Testing

/// What a process reports of its embeddings.
@Suite struct IrisReportTests {
    private static let sound: JSON = [
        "iris": [
            "model": "organ/m@1", "dimensions": 384, "degraded": 2, "unanswered": 0,
            "organ": ["model": "organ/m@1", "answered": 5, "texts": 9, "failed": 1],
            "table": ["model": "table/t@1", "answered": 2, "texts": 2, "failed": 0],
        ]
    ]

    @Test func whatAnswersIsShown() throws {
        let report = try #require(IrisReport(Self.sound))
        #expect(report.degraded("thalamus").isEmpty)
        #expect(
            report.rows("thalamus") == [
                ["thalamus", "organ", "organ/m@1", "in force", "5", "9", "1", ""],
                ["thalamus", "table", "table/t@1", "", "2", "2", "0", ""],
            ])
    }

    @Test func anOrganThatDoesNotAnswerIsNamed() throws {
        let report = try #require(
            IrisReport([
                "iris": [
                    "model": .null, "organ": ["model": .null, "answered": 0, "trouble": "no answer in time"],
                    "table": ["model": "table/t@1", "answered": 1],
                ]
            ]))
        #expect(
            report.degraded("thalamus") == [
                "thalamus: the organ does not embed, the table answers: no answer in time"
            ])
        #expect(report.rows("thalamus").first?[2] == "not known yet")
    }

    @Test func withoutATablePatternsDecide() throws {
        let report = try #require(IrisReport(["iris": ["model": .null, "degraded": 0]]))
        #expect(report.degraded("thalamus") == ["thalamus: no table of meanings: patterns alone decide"])
    }

    @Test(arguments: [[:], ["iris": 7], .null, ["iris": .null]] as [JSON])
    func whatEmbedsNothingHasNoReport(_ data: JSON) { #expect(IrisReport(data) == nil) }

    @Test func foreignNumbersEndNothing() throws {
        let report = try #require(
            IrisReport(["iris": ["degraded": -5, "unanswered": 1e300, "table": ["answered": "x", "texts": -1]]]))
        #expect(report.degradedAnswers == 0 && report.table?.answered == 0 && report.table?.texts == 0)
    }
}
