import ArgumentParser
import NimmerDeploy
import NimmerOutput
import NimmerSystem
import NimmerSystemFile
import NimmerWave

/// Writes a kustomize component: the system file as a ConfigMap, and a Deployment for each cell and nerve.
struct KubeRenderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render",
        abstract: "Write a kustomize component from the system file.",
        discussion: """
            Writes system.yaml (the file, as an immutable ConfigMap whose name carries its digest), organisms.yaml (a \
            Deployment for each cell and nerve) and kustomization.yaml, for an overlay of deploy/kubernetes. In prod every \
            image is named by its digest: --digests names a file with lines such as `math-cell sha256:…`, which \
            `podman push --digestfile` and `docker buildx imagetools inspect` print.
            """)

    @Argument(help: "The system file.", completion: .file(extensions: ["yaml", "yml"]))
    var file: String

    @Option(help: ArgumentHelp("The folder to write.", valueName: "folder"))
    var out: String

    @Option(
        name: .customLong("image"),
        help: ArgumentHelp(
            "The image of a cell or nerve that is a program of your own (again for several).", valueName: "name=image"))
    var images: [String] = []

    @Option(help: ArgumentHelp("Where the images are: registry.example/nimmerverse.", valueName: "prefix"))
    var prefix = "nimmerverse"

    @Option(help: ArgumentHelp("The tag of images that have no digest.", valueName: "tag"))
    var tag = "dev"

    @Option(help: ArgumentHelp("A file with a digest for each image; needed in prod.", valueName: "file"))
    var digests: String?

    @Option(help: ArgumentHelp("How many thalami, where the system file lets them share regions.", valueName: "number"))
    var thalami: Int?

    func run() throws {
        let environment = try chosenEnvironment()
        var plan: KubePlan
        do throws(SystemError) {
            plan = try KubePlan(try SystemFile(path: file), environment: environment)
        } catch { throw Failure(error) }
        plan.prefix = prefix
        plan.tag = tag
        for image in images { try plan.take(image: image) }
        if let digests {
            try plan.take(digests: String(decoding: try FileText.bytes(digests), as: UTF8.self), of: digests)
        }
        if let thalami { try plan.take(thalami: thalami) }
        let manifests = try plan.manifests()
        let folder = FileText.absolute(out)
        try FileText.makeFolder(folder)
        try FileText.write(String(decoding: try FileText.bytes(file), as: UTF8.self), to: "\(folder)/system.yaml")
        try FileText.write(manifests.organisms, to: "\(folder)/organisms.yaml")
        try FileText.write(manifests.component, to: "\(folder)/kustomization.yaml")
        let names = plan.organisms.map(\.name).joined(separator: ", ")
        try Console.line("wrote \(folder): \(names) for \(environment.rawValue)")
    }
}
