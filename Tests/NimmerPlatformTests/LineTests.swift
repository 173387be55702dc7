import Glibc
import NimmerPlatform
import Testing

@Suite("Lines")
struct LineTests {
    @Test("lines are the same however the bytes are cut")
    func lines() {
        let bytes = Array("one\r\ntwo\n\nthree".utf8)
        for size in 1...bytes.count {
            var splitter = LineSplitter()
            var lines: [[UInt8]] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                lines += splitter.take(rest.prefix(size))
                rest = rest.dropFirst(size)
            }
            if let last = splitter.finish() { lines.append(last) }
            #expect(lines.map { String(decoding: $0, as: UTF8.self) } == ["one", "two", "", "three"])
        }
    }

    @Test("a line that is too long comes in parts, and none of it is lost")
    func long() {
        let line = [UInt8](repeating: 0x61, count: LineSplitter.longest + 3)
        var splitter = LineSplitter()
        let parts = splitter.take((line + [0x0a])[...])
        #expect(parts.map(\.count) == [LineSplitter.longest, 3])
        #expect(splitter.finish() == nil)
    }

    @Test("a file is read line by line, the last one without an end too")
    func reader() throws {
        var template = Array("/tmp/nimmer-lines-XXXXXX".utf8CString)
        let file = mkstemp(&template)
        defer {
            close(file)
            unlink(template)
        }
        let wide = String(repeating: "x", count: 20_000)
        #expect(SmallFile.put("one\n\(wide)\nthree", to: file))
        lseek(file, 0, SEEK_SET)
        var reader = LineReader(file)
        var lines: [String] = []
        while let line = try reader.next() { lines.append(String(decoding: line, as: UTF8.self)) }
        #expect(lines == ["one", wide, "three"])
    }
}
