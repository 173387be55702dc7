import Glibc
import NimmerOutput
import Testing

@Suite("A file of lines")
struct DraftedFileTests {
    private func folder() throws -> String {
        var template = Array("/tmp/nimmer-lines-XXXXXX".utf8CString)
        return try #require(mkdtemp(&template).map { String(cString: $0) })
    }

    @Test("takes its name when it is whole; until then the old file stays")
    func atomic() throws {
        let folder = try folder()
        let path = "\(folder)/lines"
        try FileText.write("old\n", to: path, mode: 0o640)
        let file = try DraftedFile(path)
        for number in 0..<20_000 { try file.write("line \(number)\n") }
        #expect(FileText.read(path) == "old\n")
        try file.finish()
        let text = try #require(FileText.read(path))
        #expect(text.hasPrefix("line 0\n") && text.hasSuffix("line 19999\n"))
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o640)
        #expect(FileText.names(in: folder) == ["lines"])
    }

    @Test("leaves nothing when it is not finished")
    func discarded() throws {
        let folder = try folder()
        do {
            let file = try DraftedFile("\(folder)/lines")
            try file.write("half")
        }
        #expect(FileText.names(in: folder) == [])
    }

    @Test("names a folder that is not there, and a device that is full")
    func failures() throws {
        #expect(throws: Failure.self) { try DraftedFile("/nowhere/lines") }
        let full = try DraftedFile("/dev/full")
        #expect(throws: Failure.self) {
            try full.write("x")
            try full.finish()
        }
    }
}
