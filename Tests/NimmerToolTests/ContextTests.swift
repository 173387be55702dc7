import NimmerOutput
import NimmerPlatform
import NimmerServers
import NimmerWave
import Testing

@testable import nimmer

#if canImport(Glibc)
    import Glibc
#endif

/// Contexts and completions, as a person uses them.
@Suite struct ContextTests {
    @Test func contextsAreAddedSelectedListedAndRemoved() async throws {
        var template = Array("/tmp/nimmer-context-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        func nimmer(_ words: String..., environment: String = "dev") async throws -> Tool.Answer {
            try await Tool.run(
                words, folder: folder,
                environment: ["XDG_CONFIG_HOME": folder + "/config", "NIMMERVERSE_ENV": environment])
        }
        #expect(try await nimmer("context").text == "no context of dev")
        #expect(
            try await nimmer("context", "add", "plant", "--server", "nats://me:secret@127.0.0.1:9").text
                == "added plant of dev, selected")
        #expect(
            try await nimmer("context", "add", "hall", "--server", "nats://127.0.0.1:8").text == "added hall of dev")
        var about = stat()
        #expect(stat("\(folder)/config/nimmerverse/contexts-dev.json", &about) == 0 && about.st_mode & 0o777 == 0o600)
        let list = try await nimmer("context", "list")
        #expect(list.text.includes("*  plant") && !list.text.includes("secret"), "\(list.text)")

        // The selected one is used, and another by its name or the beginning of it.
        let used = try await nimmer("cell", "list")
        #expect(used.status == .exited(69))
        #expect(used.errors.first?.includes("from the context plant") == true, "\(used.errors)")
        #expect(try await nimmer("cell", "list", "--context", "ha").errors.first?.includes(":8 ") == true)
        #expect(try await nimmer("cell", "list", "--context", "x").status == .exited(1))
        #expect(try await nimmer("cell", "list", "--context", "hall", "--server", "y").status == .exited(64))
        #expect(try await nimmer("context", "select", "hall").text == "selected hall of dev")
        #expect(try await nimmer("env").text.includes("from the context hall"))
        // Another environment has contexts of its own.
        #expect(try await nimmer("context", "list", environment: "prod").text == "no context of prod")

        #expect(try await nimmer("context", "remove", "hall").text == "removed hall of dev")
        #expect(!(try await nimmer("env").text.includes("context")))
        #expect(try await nimmer("context", "select").status == .exited(64))

        chmod("\(folder)/config/nimmerverse/contexts-dev.json", 0o666)
        #expect(try await nimmer("context", "list").status == .exited(77))
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func completionsArePrinted(shell: String) async throws {
        let answer = try await Tool.run(["completion", shell])
        #expect(answer.status == .exited(0) && answer.text.includes("nimmer") && answer.output.count > 50)
        let same = try await Tool.run(["--generate-completion-script", shell])
        #expect(answer.text.trimmingLineEnd == same.text.trimmingLineEnd)
    }

    @Test func anotherShellIsRefusedWithThoseThereAre() async throws {
        let answer = try await Tool.run(["completion", "tcsh"])
        #expect(answer.status == .exited(64))
        #expect(answer.errors.joined().includes("bash, zsh"), "\(answer.errors)")
    }
}
