import NimmerOutput
import NimmerSystem
import NimmerWave

/// Plan of one system file for Kubernetes.
package struct KubePlan: Sendable {
    package static let services = ["thalamus", "cognition-bridge", "hippocampus", "nimmer"]

    package let system: SystemFile
    package let environment: Environment
    /// The tag of images without a digest.
    package var tag = "dev"
    /// Prefix of a program's name: `nimmerverse`, or `registry.example/nimmerverse`.
    package var prefix = "nimmerverse"
    private var ownImages: [String: String] = [:]
    private var digests: [String: String] = [:]
    private var thalami: Int

    /// - Throws: a `SystemError` for a name that Kubernetes refuses.
    package init(_ system: SystemFile, environment: Environment) throws(SystemError) {
        self.system = system
        self.environment = environment
        thalami = system.thalamus.partitions != nil && environment == .prod ? 3 : 1
        for organism in system.cells + system.nerves {
            let name = Self.objectName(organism.name)
            let taken = Self.services + ["garden"] + (system.web == nil ? [] : [WebSettings.identity])
            guard name.utf8.last != UInt8(ascii: "-"), !taken.contains(name) else {
                throw SystemError(
                    .invalid, file: system.file, mark: organism.mark, found: "the name '\(organism.name)'",
                    expected: "a name that ends in a letter or digit and is not a service's, for Kubernetes")
            }
        }
    }

    package var organisms: [Organism] { system.cells + system.nerves }

    /// `collision_avoidance` is `collision-avoidance` in Kubernetes.
    package static func objectName(_ name: String) -> String { String(name.map { $0 == "_" ? "-" : $0 }) }

    // MARK: What the command line adds

    package mutating func take(image text: String) throws(Failure) {
        guard let pair = text.halves(around: "="), organisms.contains(where: { $0.name == pair.before }),
            !pair.after.isEmpty
        else {
            throw Failure(
                .usage, "--image \(text): expected NAME=IMAGE with a cell or nerve of the system file")
        }
        ownImages[pair.before] = pair.after
    }

    package mutating func take(thalami number: Int) throws(Failure) {
        guard number == 1 || system.thalamus.partitions != nil else {
            throw Failure(
                .usage, "--thalami \(number): each instance would correlate every wave separately",
                remedy: "let them share the regions: `thalamus: {partitions: 16}` in \(system.file)")
        }
        guard (1...64).contains(number) else { throw Failure(.usage, "--thalami must be 1 to 64; found \(number)") }
        thalami = number
    }

    package mutating func take(digests text: String, of file: String) throws(Failure) {
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "@" }).map(String.init)
            if words.isEmpty || words[0].hasPrefix("#") { continue }
            let hex = words.count == 2 ? words[1].dropFirst("sha256:".count) : ""
            guard words.count == 2, words[1].hasPrefix("sha256:"), hex.count == 64, hex.allSatisfy(\.isHexDigit) else {
                throw Failure(
                    .usage,
                    "\(file):\(index + 1): expected an image and its digest, such as `math-cell sha256:` and 64 digits")
            }
            digests[String(words[0].split(separator: "/").last ?? "")] = words[1]
        }
    }

    private static func isByDigest(_ image: String) -> Bool {
        guard let halves = image.halves(around: "@sha256:") else { return false }
        return !halves.before.isEmpty && halves.after.utf8.count == 64 && halves.after.allSatisfy(\.isHexDigit)
    }

    // MARK: What is written

    package func manifests() throws(Failure) -> (organisms: String, component: String) {
        var text = "# Written by `nimmer kube render`; changes here are lost.\n"
        for organism in organisms {
            if text.count > 100 { text += "---\n" }
            text += KubeDeployment(organism, image: try image(of: organism)).text
        }
        if !system.virtual.isEmpty {
            if text.count > 100 { text += "---\n" }
            text += KubeDeployment(garden: "nimmerverse/garden").text
        }
        if system.web != nil {
            if text.count > 100 { text += "---\n" }
            text += KubePage.text
        }
        return (text, try component())
    }

    private func image(of organism: Organism) throws(Failure) -> String {
        if let own = ownImages[organism.name] { return own }
        guard organism.command.isEmpty else {
            throw Failure(
                .usage, "\(organism.name) runs a program of its own: \(organism.command[0])",
                remedy: "name its image: --image \(organism.name)=registry/image@sha256:…")
        }
        return "nimmerverse/\(organism.program)"
    }

    private func component() throws(Failure) -> String {
        var text = """
            # Written by `nimmer kube render`; changes here are lost. The ConfigMap's name carries the digest of its content.
            apiVersion: kustomize.config.k8s.io/v1alpha1
            kind: Component
            resources:
              - organisms.yaml
            configMapGenerator:
              - name: system
                files:
                  - system.yaml
                options:
                  immutable: true
            replicas:
              - name: thalamus
                count: \(thalami)

            """
        var programs: [String] = Self.services + (system.virtual.isEmpty ? [] : ["garden"])
        if system.web != nil { programs.append("nimmer-web") }
        for organism in organisms where organism.command.isEmpty && ownImages[organism.name] == nil {
            let program = organism.program
            if !programs.contains(program) { programs.append(program) }
        }
        let missing = programs.filter { digests[$0] == nil }
        if environment == .prod, !missing.isEmpty {
            throw Failure(
                .usage,
                "prod names every image by its digest, and there is none for \(missing.joined(separator: ", "))",
                remedy: "give a file with lines such as `math-cell sha256:…`: --digests FILE")
        }
        if environment == .prod, let loose = ownImages.first(where: { !Self.isByDigest($0.value) }) {
            throw Failure(
                .usage, "prod names every image by its digest; found --image \(loose.key)=\(loose.value.printable)",
                remedy: "`docker buildx imagetools inspect` prints it: --image \(loose.key)=registry/image@sha256:…")
        }
        text += "images:\n"
        for program in programs {
            let version = digests[program].map { "digest: \($0)" } ?? "newTag: \(tag)"
            text += "  - name: nimmerverse/\(program)\n    newName: \(prefix)/\(program)\n    \(version)\n"
        }
        return text
    }
}
