import Glibc
import NimmerOutput
import NimmerPlatform
import NimmerServers
import Testing

@Suite struct NewCommandTests {
    @Test func anExistingFolderIsNotOverwritten() async throws {
        let folder = "/tmp/nimmer-new-\(getpid())"
        defer { for path in ["/x", ""] { remove(folder + path) } }
        try FileText.makeFolder(folder)
        try FileText.write("mine", to: folder + "/x")
        let answer = try await Tool.run(["cell", "new", "door", "--folder", folder])
        #expect(answer.status == .exited(73))
        #expect(FileText.read(folder + "/x") == "mine")
    }
}
