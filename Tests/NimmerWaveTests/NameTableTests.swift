import NimmerWave
import Testing

@Suite struct NameTableTests {
    @Test func namesKeepTheirNumbers() {
        var table = NameTable(capacity: 1000)
        let names = (0..<1000).map { "region.\(String(repeating: "x", count: $0 % 40)).\($0)" }
        let numbers = names.map { table.number(of: $0) }
        #expect(numbers == (0..<1000).map { Int32($0) })
        #expect(names.map { table.number(of: $0) } == numbers)
        #expect(numbers.map { table.name($0) } == names)
        #expect(table.number(of: "one more") == -1)
        table.removeAll()
        #expect(table.number(of: "one more") == 0)
    }

    @Test func namesThatDifferOnlyBehindEachOtherAreTwo() {
        var table = NameTable(capacity: 10)
        let bytes = Array("abcdefghijkl".utf8)
        let whole = table.number(of: bytes.span.bytes, ByteRange(0, 12))
        let first = table.number(of: bytes.span.bytes, ByteRange(0, 8))
        let short = table.number(of: bytes.span.bytes, ByteRange(0, 3))
        #expect(Set([whole, first, short]).count == 3)
        #expect(table.number(of: "abc") == short)
    }

    @Test func aGuessAddsNoName() {
        var table = NameTable(capacity: 10)
        let bytes = Array("abcdefghijkl".utf8)
        let number = table.number(of: bytes.span.bytes, ByteRange(2, 9))
        #expect(table.number(of: bytes.span.bytes, ByteRange(2, 9), isTaken: false) == number)
        for (start, count) in [(2, 8), (3, 9), (0, 0), (11, 5), (40, 3)] {
            #expect(table.number(of: bytes.span.bytes, ByteRange(start, count), isTaken: false) == -1)
        }
        #expect(table.count == 1)
    }
}
