import ArgumentParser

/// Commands for Kubernetes.
struct KubeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kube",
        abstract: "Write what Kubernetes runs, from the system file.",
        subcommands: [KubeRenderCommand.self])
}
