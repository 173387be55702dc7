import Glibc
import NimmerBus
import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerProcess

/// What a process finds of a `nimmer up` that runs in its folder or above.
@Suite("The local system around a process")
struct LocalSystemTests {
    private static func with(_ body: (_ root: String) throws -> Void) throws {
        var template = Array("/tmp/nimmer-house-XXXXXX".utf8CString)
        let root = String(cString: try #require(mkdtemp(&template)))
        for folder in ["/.nimmer", "/.nimmer/dev", "/.nimmer/dev/auth", "/.nimmer/dev/auth/keys", "/a", "/a/b"] {
            mkdir(root + folder, 0o755)
        }
        defer {
            for path in [
                "/.nimmer/dev/auth/keys/math.nk", "/.nimmer/dev/up.json", "/state.json",
            ] { unlink(root + path) }
            for folder in [
                "/.nimmer/dev/auth/keys", "/.nimmer/dev/auth", "/.nimmer/dev", "/.nimmer", "/a/b", "/a", "",
            ] { rmdir(root + folder) }
        }
        try body(root)
    }

    private static func write(_ text: String, to path: String) throws {
        let file = try #require(fopen(path, "w"))
        fputs(text, file)
        fclose(file)
    }

    private static func state(
        nimmer: String = ProcessIdentity.current?.text ?? "unknown", isPrivate: Bool = true
    ) -> String {
        #"{"nimmer": "\#(nimmer)", "nats_url": "nats://127.0.0.1:7", "nats_private": \#(isPrivate)}"#
    }

    @Test func itIsFoundFromBelow() throws {
        try Self.with { root in
            #expect(LocalSystem.running(.dev, above: root + "/a/b") == nil)
            try Self.write(Self.state(), to: root + "/.nimmer/dev/up.json")
            let localSystem = try #require(LocalSystem.running(.dev, above: root + "/a/b"))
            #expect(localSystem == LocalSystem(url: "nats://127.0.0.1:7", path: root + "/.nimmer/dev"))
            #expect(LocalSystem.running(.prod, above: root + "/a/b")?.path.hasPrefix(root) != true)
        }
    }

    @Test func whatIsNoPrivateServerOrRunsNoMoreIsNone() throws {
        try Self.with { root in
            for text in [
                Self.state(isPrivate: false), Self.state(nimmer: "2147483646:1:boot"), Self.state(nimmer: "1:1:boot"),
                Self.state(nimmer: "\(getpid()):1:boot"), "", "{", "[]",
            ] {
                try Self.write(text, to: root + "/.nimmer/dev/up.json")
                #expect(LocalSystem.running(.dev, above: root) == nil, "\(text)")
            }
        }
    }

    /// A folder that a failed or killed `nimmer up` left below does not hide the system above.
    @Test func aFolderWithoutALivingSystemIsPassedOver() throws {
        try Self.with { root in
            let (living, left) = (root + "/.nimmer/dev", root + "/a/.nimmer/dev")
            for folder in [root + "/a/.nimmer", left] { mkdir(folder, 0o755) }
            defer {
                unlink(left + "/up.json")
                for folder in [left, root + "/a/.nimmer"] { rmdir(folder) }
            }
            #expect(LocalSystem.nearest(.dev, above: root + "/a/b") == left, "none lives anywhere")
            try Self.write(Self.state(), to: living + "/up.json")
            #expect(LocalSystem.running(.dev, above: root + "/a/b")?.path == living, "without a state")
            for dead in ["2147483646:1:boot", "\(getpid()):1:boot"] {
                try Self.write(Self.state(nimmer: dead), to: left + "/up.json")
                #expect(LocalSystem.running(.dev, above: root + "/a/b")?.path == living, "\(dead)")
            }
            try Self.write(Self.state(isPrivate: false), to: left + "/up.json")
            #expect(LocalSystem.nearest(.dev, above: root + "/a/b") == left, "one that uses another server lives")
            #expect(LocalSystem.running(.dev, above: root + "/a/b") == nil)
            try Self.write("{", to: left + "/up.json")
            #expect(LocalSystem.nearest(.dev, above: root + "/a/b") == left, "a damaged state proves no end")
            try Self.write(Self.state(nimmer: "2147483646:1:boot"), to: living + "/up.json")
            try Self.write(Self.state(nimmer: "2147483646:1:boot"), to: left + "/up.json")
            #expect(LocalSystem.nearest(.dev, above: root + "/a/b") == left, "none lives any more")
        }
    }

    @Test func aStateThatIsALinkIsNotBelieved() throws {
        try Self.with { root in
            try Self.write(Self.state(), to: root + "/state.json")
            #expect(symlink(root + "/state.json", root + "/.nimmer/dev/up.json") == 0)
            #expect(LocalSystem.running(.dev, above: root) == nil)
        }
    }

    /// Another system of the same user elsewhere: a command would go to the wrong one.
    @Test func aFolderThatLeadsToAnotherSystemIsNotTrusted() throws {
        try Self.with { elsewhere in
            try Self.write(Self.state(), to: elsewhere + "/.nimmer/dev/up.json")
            #expect(LocalSystem.running(.dev, above: elsewhere) != nil)
            try Self.with { root in
                rmdir(root + "/.nimmer/dev/auth/keys")
                rmdir(root + "/.nimmer/dev/auth")
                rmdir(root + "/.nimmer/dev")
                #expect(symlink(elsewhere + "/.nimmer/dev", root + "/.nimmer/dev") == 0)
                #expect(LocalSystem.running(.dev, above: root + "/a") == nil)
                unlink(root + "/.nimmer/dev")
                rmdir(root + "/.nimmer")
                #expect(symlink(elsewhere + "/.nimmer", root + "/.nimmer") == 0)
                #expect(LocalSystem.running(.dev, above: root + "/a") == nil)
                unlink(root + "/.nimmer")
            }
            for folder in ["/.nimmer", "/.nimmer/dev"] {
                chmod(elsewhere + folder, 0o777)
                #expect(LocalSystem.running(.dev, above: elsewhere) == nil, "others may write to \(folder)")
                chmod(elsewhere + folder, 0o755)
            }
            #expect(LocalSystem.running(.dev, above: elsewhere) != nil)
        }
    }

    @Test(
        "another user's folder is not believed", .enabled(if: getuid() == 0), arguments: ["/.nimmer", "/.nimmer/dev"])
    func foreignFolder(_ folder: String) throws {
        try Self.with { root in
            try Self.write(Self.state(), to: root + "/.nimmer/dev/up.json")
            #expect(chown(root + folder, 65534, 65534) == 0)
            #expect(LocalSystem.running(.dev, above: root) == nil)
        }
    }

    @Test("another user's state is not believed", .enabled(if: getuid() == 0))
    func foreign() throws {
        try Self.with { root in
            try Self.write(Self.state(), to: root + "/.nimmer/dev/up.json")
            #expect(LocalSystem.running(.dev, above: root) != nil)
            for path in ["/.nimmer/dev/up.json", "/.nimmer/dev", "/.nimmer"] {
                #expect(chown(root + path, 65534, 65534) == 0)
                #expect(LocalSystem.running(.dev, above: root) == nil, "\(path)")
                #expect(chown(root + path, 0, 0) == 0)
            }
        }
    }

    @Test("a link to another system of the same user is not followed")
    func linkedFolder() throws {
        try Self.with { root in
            try Self.write(Self.state(), to: root + "/.nimmer/dev/up.json")
            #expect(mkdir(root + "/elsewhere", 0o755) == 0)
            #expect(symlink(root + "/.nimmer", root + "/elsewhere/.nimmer") == 0)
            #expect(LocalSystem.running(.dev, above: root + "/elsewhere") == nil)
        }
    }

    @Test func aPartHasItsOwnCredentialsAndAnybodyElseTheOwners() throws {
        try Self.with { root in
            let localSystem = LocalSystem(url: "nats://127.0.0.1:7", path: root + "/.nimmer/dev")
            try Self.write("x", to: root + "/.nimmer/dev/auth/keys/math.nk")
            #expect(localSystem.credentials(of: "math").hasSuffix("/keys/math.nk"))
            #expect(localSystem.credentials(of: "cellar").hasSuffix("/keys/owner.nk"))
        }
    }

    @Test func aServerThatIsNamedIsNotReplaced() {
        let localSystem = LocalSystem(url: "nats://127.0.0.1:7", path: "/x/.nimmer/dev")
        func settings(_ url: String, _ credentials: BusSettings.Credentials = .none, isNamed: Bool) -> BusSettings {
            var settings = BusSettings(url: url, name: "cellar", credentials: credentials)
            settings.take(localSystem, name: "cellar", isNamed: isNamed)
            return settings
        }
        let owner = BusSettings.Credentials.file("/x/.nimmer/dev/auth/keys/owner.nk")
        #expect(settings("nats://127.0.0.1:4222", isNamed: false).url == localSystem.url)
        #expect(settings("nats://127.0.0.1:4222", isNamed: false).credentials == owner)
        for same in ["nats://127.0.0.1:7", "nats://localhost:7", "127.0.0.1:7", "nats://127.0.0.1:7/"] {
            #expect(settings(same, isNamed: true).credentials == owner, "\(same)")
        }
        for other in [
            "nats://127.0.0.1:77", "nats://10.0.0.1:7", "nats://u:p@127.0.0.1:7", "nats://a:1,nats://127.0.0.1:7",
        ] {
            #expect(settings(other, isNamed: true) == BusSettings(url: other, name: "cellar"), "\(other)")
        }
        #expect(settings(localSystem.url, .token("t"), isNamed: true).credentials == .token("t"))
    }
}
