import NimmerPlatform
import Testing

/// The real server of llama.cpp with all-MiniLM-L6-v2, as `deploy/minds/prepare.sh` makes it.
public enum MeaningModel {
    /// Why tests with it are skipped.
    public static let note: Comment =
        "needs .build/minds (deploy/minds/prepare.sh --only-make --folder .build/minds; Tests/run.sh makes it)"

    /// The folder in which it is made.
    private static let folder = SmallModel.root + "/.build/minds"
    private static let model = folder + "/all-MiniLM-L6-v2.gguf"
    private static let python = folder + "/venv/bin/python"

    /// The command that serves it; nil where it was not made.
    public static var command: [String]? {
        guard SmallFile.exists(model), SmallFile.exists(python) else { return nil }
        return [
            python, SmallModel.root + "/deploy/minds/serve.py", "--port", "{port}", "--model", model, "--alias",
            "all-MiniLM-L6-v2", "--embeddings", "--context", "512", "--threads", "1",
        ]
    }

    /// Returns whether it can be had on this machine.
    @Sendable public static func isThere() -> Bool { command != nil }
}
