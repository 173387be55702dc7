import Glibc
import NimmerOutput
import Testing

@Suite("A small file, whole")
struct FileTextTests {
    @Test("an edit after the file was read is noticed; a copy has the permissions of what it copies")
    func require() throws {
        var template = Array("/tmp/nimmer-text-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        let path = "\(folder)/plant.yaml"
        try FileText.write("one\n", to: path, mode: 0o600)
        let read = try FileText.bytes(path)
        try FileText.require(path, holds: read)
        #expect(FileText.mode(of: path) == 0o600 && FileText.mode(of: "\(folder)/none") == nil)
        try FileText.write(read, to: "\(path).copy", mode: FileText.mode(of: path))
        #expect(FileText.mode(of: "\(path).copy") == 0o600)
        try FileText.write("two\n", to: path)
        let failure = #expect(throws: Failure.self) { try FileText.require(path, holds: read) }
        #expect(failure?.status == .failed)
        #expect(FileText.read(path) == "two\n")
    }
}
