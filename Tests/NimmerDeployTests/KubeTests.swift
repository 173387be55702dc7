import Glibc
import NimmerOutput
import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Testing

@testable import NimmerDeploy

@Suite struct KubeTests {
    /// Indicates whether what is generated is to be written.
    private static let writes = getenv("NIMMER_WRITE_DOCS") != nil
    private static let root =
        "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/deploy/kubernetes"

    private func plan(_ text: String, _ environment: Environment) throws -> KubePlan {
        try KubePlan(try SystemFile(parsing: Array(text.utf8), file: "plant.yaml"), environment: environment)
    }

    /// What is committed is what `nimmer kube render` writes:
    /// `nimmer kube render deploy/kubernetes/system.yaml --out deploy/kubernetes/overlays/dev/rendered`, and so on;
    /// `NIMMER_WRITE_DOCS=1 swift test --filter KubeTests` writes all three.
    @Test(arguments: Environment.allCases)
    func theOverlaysAreWhatTheSystemFileSays(environment: Environment) throws {
        let text = try #require(FileText.read(Self.root + "/system.yaml"))
        var plan = try plan(text, environment)
        if environment == .prod {
            try plan.take(digests: try #require(FileText.read(Self.root + "/digests.example")), of: "digests.example")
        }
        let manifests = try plan.manifests()
        let folder = "\(Self.root)/overlays/\(environment.rawValue)/rendered"
        let files = [
            "system.yaml": text, "organisms.yaml": manifests.organisms, "kustomization.yaml": manifests.component,
        ]
        for (name, content) in files {
            if Self.writes { try FileText.write(content, to: "\(folder)/\(name)") }
            #expect(FileText.read("\(folder)/\(name)") == content, "\(environment) \(name)")
        }
        #expect(manifests.component.contains("count: \(environment == .prod ? 3 : 1)\n"))
    }

    @Test func prodNamesEveryImageByItsDigest() throws {
        let text = "nimmerverse: 1\nname: small\ncells: [{name: math, kind: math/v1}]"
        let failure = #expect(throws: Failure.self) { try self.plan(text, .prod).manifests() }
        #expect(failure?.message.text.contains("math-cell") == true)
        var some = try plan(text, .prod)
        let digest = "sha256:" + String(repeating: "a", count: 64)
        try some.take(digests: "# a comment\nregistry.example/x/math-cell@\(digest)\n\nthalamus \(digest)\n", of: "d")
        let rest = #expect(throws: Failure.self) { try some.manifests() }
        #expect(rest?.message.text.contains("math-cell") == false)
        #expect(rest?.message.text.contains("hippocampus") == true)
        for wrong in ["math-cell", "math-cell sha256:abc", "math-cell md5:\(digest)", "a b c"] {
            let failure = #expect(throws: Failure.self) { try some.take(digests: "\n" + wrong, of: "digests") }
            #expect(failure?.message.text.hasPrefix("digests:2: ") == true, "\(wrong)")
        }
    }

    @Test func variantsBringTheGardenWithItsImage() throws {
        let plain = "nimmerverse: 1\nname: small\n"
        let manifests = try plan(plain + "virtual: {eager: {gates: {defaults: {quorum: 2}}}}", .dev).manifests()
        #expect(manifests.organisms.contains("  name: garden\n"))
        #expect(manifests.organisms.contains("secret: {secretName: nats-garden, defaultMode: 0440}"))
        #expect(manifests.organisms.contains("rollingUpdate: {maxSurge: 0, maxUnavailable: 1}"))
        #expect(manifests.component.contains("name: nimmerverse/garden\n"))
        #expect(try !plan(plain, .dev).manifests().component.contains("garden"))
    }

    /// The page is there where the system file grants it an identity, with secrets of its own, and open to no namespace but a proxy's.
    @Test func theSectionWebBringsThePage() throws {
        let plain = "nimmerverse: 1\nname: small\n"
        let manifests = try plan(plain + "web: {}", .dev).manifests()
        for line in [
            "secret: {secretName: nats-web, defaultMode: 0440}", "image: nimmerverse/nimmer-web",
            "{name: NIMMER_WEB_TOKEN_FILE, value: /run/secrets/token/token}",
            "{name: NIMMER_WEB_TLS_KEY, value: /run/secrets/tls/tls.key}",
            "matchLabels: {nimmerverse.io/web: \"true\"}", "serviceAccountName: web",
        ] { #expect(manifests.organisms.contains(line), "\(line)") }
        #expect(!manifests.organisms.contains("NIMMER_WEB_OPERATORS,"), "no one may act unless the overlay names them")
        #expect(manifests.component.contains("name: nimmerverse/nimmer-web\n"))
        let without = try plan(plain, .dev).manifests()
        #expect(!without.component.contains("nimmer-web") && !without.organisms.contains("web"))
        let cell = plain + "cells: [{name: web, kind: http/v1}]\n"
        #expect(throws: SystemError.self) { try self.plan(cell + "web: {}", .dev) }
        #expect(try plan(cell, .dev).manifests().organisms.contains("  name: web\n"))
    }

    @Test func severalThalamiMustShareTheRegions() throws {
        var alone = try plan("nimmerverse: 1\nname: small", .dev)
        let failure = #expect(throws: Failure.self) { try alone.take(thalami: 3) }
        #expect(failure?.remedy?.text.contains("partitions") == true)
        var shared = try plan("nimmerverse: 1\nname: small\nthalamus: {partitions: 8}", .dev)
        try shared.take(thalami: 5)
        #expect(try shared.manifests().component.contains("count: 5\n"))
        #expect(throws: Failure.self) { try shared.take(thalami: 0) }
    }

    @Test func aProgramOfOnesOwnNeedsItsImage() throws {
        var own = try plan("nimmerverse: 1\nname: small\ncells: [{name: door, command: [./door]}]", .dev)
        let failure = #expect(throws: Failure.self) { try own.manifests() }
        #expect(failure?.remedy?.text.contains("--image door=") == true)
        #expect(throws: Failure.self) { try own.take(image: "window=x") }
        try own.take(image: "door=registry.example/door:1")
        #expect(try own.manifests().organisms.contains("image: registry.example/door:1\n"))
        var prod = try plan("nimmerverse: 1\nname: small\ncells: [{name: door, command: [./door]}]", .prod)
        let hex = String(repeating: "a", count: 64)
        let digests = ["thalamus", "cognition-bridge", "hippocampus", "nimmer"].map { "\($0) sha256:\(hex)" }
        try prod.take(digests: digests.joined(separator: "\n"), of: "d")
        for loose in ["door:1", "door@sha256:", "door@sha256:abc", "@sha256:\(hex)", "door@sha256:\(hex)0"] {
            try prod.take(image: "door=\(loose)")
            let failure = #expect(throws: Failure.self) { try prod.manifests() }
            #expect(failure?.message.text.contains(loose) == true)
        }
        try prod.take(image: "door=registry.example/door@sha256:\(hex)")
        #expect(try prod.manifests().organisms.contains("door@sha256:\(hex)"))
    }

    @Test func namesAreThoseOfKubernetes() throws {
        let text = "nimmerverse: 1\nname: small\nnerves: [{name: collision_avoidance, kind: collision_avoidance/v1}]"
        let organisms = try plan(text, .dev).manifests().organisms
        #expect(organisms.contains("name: collision-avoidance\n"))
        #expect(organisms.contains("args: [--name, collision_avoidance]"))
        #expect(throws: SystemError.self) {
            try self.plan("nimmerverse: 1\nname: small\ncells: [{name: thalamus, kind: math/v1}]", .dev)
        }
    }
}
