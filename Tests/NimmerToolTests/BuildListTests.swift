import NimmerPlatform
import NimmerServers
import NimmerSystem
import NimmerSystemFile
import Testing

/// Lists of what a build needs and makes, which stand in several files.
@Suite struct BuildListTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    private static func words(_ path: String) throws -> Set<String> {
        let text = try #require(SmallFile.read("\(root)/\(path)"))
        return Set(text.split { !$0.isLetter && !$0.isNumber && !"-_".contains($0) }.map { String($0) })
    }

    /// Debian's packages of C libraries: `libnats-dev`.
    private static func libraries(_ path: String) throws -> Set<String> {
        try words(path).filter { $0.hasPrefix("lib") && $0.hasSuffix("-dev") }
    }

    @Test func theSameLibrariesAreInstalledEverywhere() throws {
        let needed = try Self.libraries("deploy/prerequisites.sh")
        #expect(needed.count >= 5 && needed.contains("libcurl4-openssl-dev"))
        for path in ["deploy/containers/Containerfile", ".github/workflows/ci.yaml"] {
            #expect(try Self.libraries(path) == needed, "\(path)")
        }
    }

    @Test func upBuildsWhatItsSystemFileRuns() throws {
        let script = try #require(SmallFile.read(Self.root + "/deploy/up.sh"))
        let line = try #require(script.split(separator: "\n").first { $0.hasPrefix("programs=") })
        let programs = Set(line.dropFirst("programs=".count).split(separator: ",").map { String($0) })
        let system = try SystemFile(path: Self.root + "/deploy/systems/vitals.yaml")
        let cells = system.cells.map { "\($0.kindName)-cell" }
        #expect(!cells.isEmpty && system.nerves.isEmpty && system.organs.isEmpty)
        #expect(programs == Set(["nimmer", "thalamus", "cognition-bridge", "hippocampus"] + cells))
    }

    @Test func aReleaseHoldsEveryProgramThatHasAnImage() throws {
        let file = try #require(SmallFile.read(Self.root + "/deploy/containers/Containerfile"))
        let line = try #require(file.split(separator: "\n").first { $0.hasPrefix("ARG PROGRAMS=") })
        let programs = line.dropFirst("ARG PROGRAMS=".count).split { $0 == " " || $0 == "\"" }.map { String($0) }
        #expect(programs.count >= 12)
        #expect(try Self.words("deploy/release.sh").isSuperset(of: programs))
        #expect(try Self.words(".github/workflows/ci.yaml").isSuperset(of: programs))
    }

    @Test func anArchiveThatLacksAProgramIsNotMade() async throws {
        // A build that makes three of the programs; whatever packages are asked for are there.
        let script = """
            set -eu
            folder=$(mktemp -d)
            trap 'rm -rf "$folder"' EXIT
            cd "$1"
            cp -R deploy LICENSE CHANGELOG.md "$folder"
            cd "$folder"
            mkdir -p bin .build/release
            cat >bin/swift <<'END'
            #!/bin/sh
            [ "$1" != --version ] || { echo 'Swift version 6.2'; exit; }
            for program in nimmer thalamus cognition-bridge; do cp /bin/true ".build/release/$program"; done
            END
            printf '#!/bin/sh\necho installed\n' >bin/dpkg-query
            chmod +x bin/*
            status=0
            PATH=$PWD/bin:$PATH VERSION=v1 SOURCE_DATE_EPOCH=1 sh deploy/release.sh out || status=$?
            echo "status $status, $(find out -name '*.gz' | wc -l) archives"
            """
        let (_, lines) = try await ChildProcess.run(ChildCommand("/bin/sh", ["-c", script, "sh", Self.root]))
        #expect(lines.map(\.text).contains("status 1, 0 archives"))
        #expect(lines.contains { $0.text.contains("release/hippocampus") })
    }
}
