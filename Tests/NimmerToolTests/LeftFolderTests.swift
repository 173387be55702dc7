import NimmerOutput
import NimmerPlatform
import NimmerProcess
import NimmerServers
import Testing

@testable import nimmer

#if canImport(Glibc)
    import Glibc
#endif

/// A folder that a failed `nimmer up` has left, below the folder of a system that runs.
@Suite("A failed nimmer up below a system that runs") struct LeftFolderTests {
    /// A folder whose state names this process as the `nimmer up` that runs there, and a folder below.
    private func withSystem(_ body: (_ root: String, _ below: String) async throws -> Void) async throws {
        var template = Array("/tmp/nimmer-left-XXXXXX".utf8CString)
        let root = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(root) }
        try FileText.makeFolder("\(root)/a")
        for folder in ["\(root)/.nimmer", "\(root)/.nimmer/dev"] { mkdir(folder, 0o700) }
        let own = try #require(ProcessIdentity.current)
        try FileText.write(
            """
            {"nimmer": "\(own.text)", "started_at": "2026-01-01T00:00:00Z", "system": "/x.yaml",
            "nats_url": "nats://127.0.0.1:9", "nats_private": false, "processes": [], "waiting": [], "restarts": {}}
            """, to: "\(root)/.nimmer/dev/up.json")
        chmod("\(root)/.nimmer/dev/up.json", 0o600)
        try FileText.write(
            "nimmerverse: 1\nname: m\nnats: {url: \"nats://u:hunter2@127.0.0.1:9\"}\n", to: "\(root)/a/m.yaml")
        try await body(root, "\(root)/a")
    }

    @Test("names the place of the address in the file, and leaves nothing in the way of the system above")
    func left() async throws {
        try await withSystem { root, below in
            let failed = try await Tool.run(["up", "m.yaml", "--no-database"], folder: below)
            #expect(failed.status == .exited(69), "\(failed.text) \(failed.errors)")
            let words = failed.errors.joined(separator: "\n")
            #expect(words.contains("at nats://127.0.0.1:9 (from \(below)/m.yaml:3:13)"), "\(words)")
            #expect(words.contains("remove nats.url from the file"), "\(words)")
            #expect(!words.contains("NIMMERVERSE_NATS_URL") && !words.contains("hunter2"), "\(words)")
            let flag = try await Tool.run(["up", "m.yaml", "--nats", "nats://127.0.0.1:9"], folder: below)
            #expect(flag.errors.joined().contains("(from --nats)"), "\(flag.errors)")
            #expect(flag.errors.joined().contains("leave out --nats"), "\(flag.errors)")
            #expect(FileText.isDirectory("\(below)/.nimmer/dev"))

            for command in [["status"], ["cell", "list"]] {
                let answer = try await Tool.run(command, folder: below)
                #expect(answer.status == .exited(69))
                #expect(
                    answer.errors.first?.contains("that runs in \(root)/.nimmer/dev") == true,
                    "\(command): \(answer.errors)")
            }
            let down = try await Tool.run(["down"], folder: below)
            #expect(down.status == .exited(77), "this process is no nimmer, and is not stopped")
            #expect(down.errors.first?.contains("\(root)/.nimmer/dev/up.json") == true, "\(down.errors)")
        }
    }
}
