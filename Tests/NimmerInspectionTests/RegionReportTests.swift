import NimmerOutput
import NimmerWave
import Testing

@testable import NimmerInspection

/// Homes of regions, for a person (spec/iris.md, Regions that mean the same).
@Suite("Reports about regions") struct RegionReportTests {
    @Test func eachHomeIsListedWithItsMembers() {
        let rows: [JSON] = [
            [
                "region": "sums", "home": "math", "reason": "joined", "cosine": 0.61, "required": 0.4,
                "nearest": "math",
                "by": "thalamus-1", "model": "table/tiny@1",
            ],
            ["region": "door", "home": "door", "reason": "joined_by_hand", "pinned": true, "by": "ada"],
            ["region": "zzz", "home": "zzz", "reason": "founded", "note": "no answer in time", "by": "thalamus-1"],
        ]
        let list = RegionHomeList(["model": "table/tiny@1", "waves_dropped": 3], rows)
        #expect(list.rows.map(\.region) == ["door", "sums", "zzz"])
        #expect(list.rows.map(\.words) == ["joined by hand, pinned", "joined", "founded: no answer in time"])
        #expect(list.rows[1].cosine == "0.61" && list.rows[1].required == "0.40" && list.rows[0].required.isEmpty)
        #expect(list.notes.count == 2 && list.json["regions"]?.array?.count == 3)
    }

    @Test func aStoryNamesWhatItTook() {
        let report: JSON = [
            "region": "sums", "home": "math", "members": ["math", "sums"], "model": "table/tiny@1", "homes": 3,
            "decision": [
                "reason": "joined", "by": "thalamus-1", "at": "2026-02-14T18:30:00Z", "revision": 4,
            ],
            "nearest": [
                ["home": "math", "cosine": 0.61, "required": 0, "relation": "linked", "joins": true],
                ["home": "door", "cosine": 0.2, "required": .null, "relation": "apart", "joins": false],
            ],
        ]
        let lines = RegionStory(report, .plain).lines.map(\.text)
        #expect(lines.first == "sums lives in math")
        #expect(lines.contains { $0.contains("joined by thalamus-1") && $0.contains("decision 4") })
        #expect(lines.contains { $0.contains("math") && $0.contains("0.61") && $0.contains("near enough") })
        #expect(lines.contains { $0.contains("door") && $0.contains("no cosine is enough") })
        let unknown = RegionStory(["region": "sums", "note": "no answer in time"], .plain).lines.map(\.text)
        #expect(unknown.first == "sums has no home: no wave has named it yet")
        #expect(unknown.contains { $0.contains("no answer in time") })
    }

    @Test func whatAModelAnswersIsShownAsText() {
        let hostile: JSON = ["region": "a", "home": "b\u{1b}[31m", "note": "x\u{7}y"]
        for line in RegionStory(hostile, .plain).lines {
            #expect(!line.text.contains("\u{1b}") && !line.text.contains("\u{7}"))
        }
    }
}
