import NimmerOutput
import NimmerPlatform
import NimmerServers
import NimmerWave
import Testing

@testable import NimmerDeploy

@Suite struct ImagePlanTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    private let plan = ImagePlan(
        folder: "/src", containerfile: "Containerfile", project: "/nimmerverse", programs: ["door-cell"],
        engine: .podman, prefix: "registry.example/house", tag: "7", isInContainer: false, revision: "abc", epoch: "60",
        created: "1970-01-01T00:01:00Z")

    @Test func everyExecutableHasAnImageAndAHealthCheck() throws {
        let manifest = try #require(FileText.read(Self.root + "/Package.swift"))
        let text = try #require(FileText.read(Self.root + "/deploy/containers/Containerfile"))
        let targets = ImagePlan.targets(of: text)
        // service("thalamus", …  and  organism("cells/math/v1", library: "MathCell", executable: "math-cell")
        let words = manifest.split(separator: "\"").map(String.init)
        let programs = zip(words, words.dropFirst()).compactMap { before, name in
            before.hasSuffix("executable: ") || before.hasSuffix("service(")
                || before.hasSuffix("service(\n            ")
                ? name : nil
        }
        #expect(programs.count >= 9)
        for program in programs { #expect(targets.contains(program), "\(program)") }
        for target in targets where target != "nimmer" {
            #expect(text.contains("CMD [\"/usr/bin/\(target)\", \"--health\"]"), "\(target)")
            #expect(text.contains("ENTRYPOINT [\"/usr/bin/\(target)\"]"), "\(target)")
        }
        #expect(text.contains("ARG PROGRAMS=\"\(targets.joined(separator: " "))\""))
    }

    /// A version's tag publishes every image, and what is tested before is what the README's command tests.
    @Test func theWorkflowPublishesEveryImage() throws {
        let containerfile = try #require(FileText.read(Self.root + "/deploy/containers/Containerfile"))
        let lines = try #require(FileText.read(Self.root + "/.github/workflows/ci.yaml")).split(separator: "\n")
        let start = try #require(lines.firstIndex { $0.hasSuffix(" program:") })
        let published = lines[(start + 1)...].prefix { $0.hasPrefix("          - ") }.map { String($0.dropFirst(12)) }
        #expect(published == ImagePlan.targets(of: containerfile))
        let readme = try #require(FileText.read(Self.root + "/README.md"))
        #expect(readme.contains("bash Tests/run.sh"))
        #expect(lines.contains { $0.hasSuffix("run: bash Tests/run.sh") })
    }

    /// Programs that compare names find the table of meanings in `share/nimmerverse` beside their folder; cells carry none.
    @Test(.enabled("needs strip and ldd", { Executables.find("strip") != nil && Executables.find("ldd") != nil }))
    func theProgramsThatCompareNamesHoldTheTable() async throws {
        let made = try await ChildProcess.run(ChildCommand("mktemp", ["-d"]))
        let folder = try #require(made.lines.first?.text)
        let programs = ["thalamus", "hippocampus", "cognition-bridge", "garden", "nimmer", "math-cell"]
        for program in programs {
            // Its content does not matter here: any program that links libraries.
            let copy = try await ChildProcess.run(ChildCommand("cp", ["/bin/ls", "\(folder)/\(program)"]))
            #expect(copy.status.isSuccess)
        }
        let laid = try await ChildProcess.run(
            ChildCommand("sh", [Self.root + "/deploy/containers/rootfs.sh", folder, folder + "/rootfs"] + programs))
        #expect(laid.status.isSuccess, "\(laid.lines.map(\.text))")
        for file in ["minilm.table", "names.links"] {
            let original = try FileText.bytes("\(Self.root)/deploy/iris/\(file)")
            #expect(original.count > 100_000, "\(file)")
            for program in programs.dropLast() {
                let held = try FileText.bytes("\(folder)/rootfs/\(program)/usr/share/nimmerverse/\(file)")
                #expect(held == original, "\(program): \(file)")
            }
            #expect(!FileText.exists("\(folder)/rootfs/math-cell/usr/share/nimmerverse/\(file)"))
        }
        _ = try await ChildProcess.run(ChildCommand("rm", ["-rf", folder]))
        // A build within a container is given the files, too.
        for name in [".containerignore", ".dockerignore"] {
            let lines = try #require(FileText.read("\(Self.root)/\(name)")).split(separator: "\n")
            #expect(lines.contains("!deploy/iris"), "\(name)")
        }
        let containerfile = try #require(FileText.read(Self.root + "/deploy/containers/Containerfile"))
        #expect(containerfile.contains("COPY deploy/iris deploy/iris\n"))
    }

    @Test(arguments: [Scaffold.Kind.cell, .nerve])
    func aNewCellGetsTheSameContainerfile(kind: Scaffold.Kind) throws {
        let ours = try #require(FileText.read(Self.root + "/deploy/containers/Containerfile"))
        let scaffold = Scaffold(kind: kind, name: try Token("front_door"), project: "..")
        let theirs = scaffold.containerfile
        #expect(ImagePlan.targets(of: theirs) == [scaffold.program])
        let lines = Set(ours.split(separator: "\n"))
        for start in [
            "ARG", "COPY --from=rootfs /rootfs/base", "COPY --from=rootfs --chown", "ENV", "EXPOSE", "USER",
            "STOPSIGNAL", "        binutils",
        ] {
            let line = theirs.split(separator: "\n").first { $0.hasPrefix(start) }
            #expect(line.map(lines.contains) == true, "\(start)")
        }
        #expect(theirs.contains("CMD [\"/usr/bin/\(scaffold.program)\", \"--health\"]"))
        #expect(scaffold.files.map(\.path).contains("Containerfile"))
    }

    @Test func cellsAndNervesAreFoundByTheirOwnNames() throws {
        let targets = ["thalamus", "math-cell", "collision-avoidance-nerve"]
        #expect(try ImagePlan.choose([], of: targets) == targets)
        #expect(
            try ImagePlan.choose(["math", "collision_avoidance", "math-cell"], of: targets)
                == ["math-cell", "collision-avoidance-nerve"])
        let failure = #expect(throws: Failure.self) { try ImagePlan.choose(["maths"], of: targets) }
        #expect(failure?.remedy == "there are thalamus, math-cell, collision-avoidance-nerve")
    }

    @Test func theEngineIsToldWhatTheImageIsMadeOf() {
        let podman = plan.pack("door-cell")
        #expect(podman.executable == "podman")
        #expect(podman.workingDirectory == "/src")
        #expect(
            podman.arguments == [
                "build", "-f", "Containerfile", "--target", "door-cell", "-t", "registry.example/house/door-cell:7",
                "--format", "docker", "--timestamp", "60", "--build-arg", "BINARIES=host", "--build-arg",
                "REVISION=abc", "--build-arg", "VERSION=7", "--build-arg", "SOURCE_DATE_EPOCH=60", "--build-arg",
                "CREATED=1970-01-01T00:01:00Z", ".",
            ])
        var other = plan
        other.engine = .docker
        other.isInContainer = true
        let docker = other.pack("door-cell")
        #expect(docker.environment["DOCKER_BUILDKIT"] == "1")
        #expect(docker.arguments.contains("BINARIES=built"))
        #expect(docker.arguments.contains("PROGRAMS=door-cell"))
        #expect(docker.arguments.suffix(3) == ["--build-context", "nimmerverse=/nimmerverse", "."])
        #expect(plan.layOut(from: "/bin").arguments.suffix(3) == ["/bin", "/src/.build/rootfs", "door-cell"])
    }
}
