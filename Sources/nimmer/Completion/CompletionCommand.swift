import ArgumentParser
import NimmerOutput

/// Prints the completions of a shell.
struct CompletionCommand: ParsableCommand {
    /// Shell that completes.
    enum Shell: String, ExpressibleByArgument, CaseIterable { case bash, zsh, fish }

    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Print the completions for a shell.",
        discussion: """
              nimmer completion bash > ~/.local/share/bash-completion/completions/nimmer
              nimmer completion zsh > ~/.zfunc/_nimmer       (a folder of $fpath)
              nimmer completion fish > ~/.config/fish/completions/nimmer.fish
            """)

    @Argument(help: "The shell: bash, zsh or fish.")
    var shell: Shell

    func run() throws {
        let shell: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        try Console.write(.lines(Nimmer.completionScript(for: shell) + "\n"))
    }
}
