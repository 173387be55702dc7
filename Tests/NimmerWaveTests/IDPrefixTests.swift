import Testing

@testable import NimmerWave

@Suite struct IDPrefixTests {
    @Test func itSpansTheIdsThatBeginSo() throws {
        let prefix = try #require(IDPrefix("0190F5fe-7c"))
        #expect(prefix.first.text == "0190f5fe-7c00-0000-0000-000000000000")
        #expect(prefix.last.text == "0190f5fe-7cff-ffff-ffff-ffffffffffff")
        let id = try MessageID("0190f5fe-7c2a-7b3e-8d55-1c1f6f3a9b10")
        #expect(prefix.begins(id) && prefix.whole == nil)
        #expect(IDPrefix(id.text)?.whole == id)
        #expect(IDPrefix("0190f5ff").map { $0.begins(id) } == false)
    }

    @Test(arguments: ["", "019", "0190g", "0190f5fe-7c2a-7b3e-8d55-1c1f6f3a9b10a", "%", "0190 "])
    func whatBeginsNoIdIsNone(text: String) { #expect(IDPrefix(text) == nil) }
}
