import Testing

@testable import NimmerOutput

@Suite struct UnifiedDiffTests {
    @Test func changesComeWithWhatIsAroundThem() {
        let before = (1...20).map { "line \($0)" }.joined(separator: "\n") + "\n"
        let after = before.replacing("line 10\n", with: "line ten\nline ten and a half\n")
        let diff = UnifiedDiff(before, after)
        #expect(
            diff.text("a", "b") == """
                --- a
                +++ b
                @@ -7,7 +7,8 @@
                 line 7
                 line 8
                 line 9
                -line 10
                +line ten
                +line ten and a half
                 line 11
                 line 12
                 line 13
                """)
    }

    @Test func linesThatEndWithCarriageReturnAndLineFeedAreLines() {
        let before = (1...9).map { "line \($0)\r\n" }.joined()
        let diff = UnifiedDiff(before, before.replacing("line 5", with: "five"))
        #expect(diff.lines.filter { $0.sign != " " && $0.sign != "@" }.map(\.text) == ["line 5\r", "five\r"])
        #expect(diff.lines.count == 9)
    }

    @Test func distantChangesAreApartAndNearOnesTogether() {
        let before = (1...40).map { "line \($0)" }.joined(separator: "\n") + "\n"
        let apart = before.replacing("line 3\n", with: "").replacing("line 30\n", with: "thirty\n")
        #expect(UnifiedDiff(before, apart).lines.count { $0.sign == "@" } == 2)
        let near = before.replacing("line 3\n", with: "").replacing("line 8\n", with: "eight\n")
        #expect(UnifiedDiff(before, near).lines.count { $0.sign == "@" } == 1)
        #expect(UnifiedDiff(before, before).lines.isEmpty)
    }
}
