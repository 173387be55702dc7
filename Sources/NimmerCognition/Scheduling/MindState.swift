import NimmerSystem
import NimmerWave

/// State of one mind in the scheduler: its breaker, its budget, and how it has been answering.
struct MindState: Sendable {
    let settings: MindSettings
    var breaker: Breaker
    var budget: Budget
    var running = 0
    var asked = 0
    var answered = 0
    var invalid = 0
    var failed = 0
    /// Cost of its questions since the start.
    var spent = Budget.Cost()
    var lastFailure = ""
    private var latencies: [Double] = []
    private var next = 0
    private(set) var tokensPerSecond = 0.0

    init(_ settings: MindSettings) {
        self.settings = settings
        breaker = Breaker(failures: settings.breakerFailures, pauseMilliseconds: Double(settings.breakerPauseMS))
        budget = Budget(settings.budget)
    }

    /// As it stands in a response; the server without credentials.
    func mind(model: String) -> Mind {
        Mind(
            model: Prompt.cut(model.isEmpty ? settings.model : model, 128), server: Prompt.cut(settings.url, 256))
    }

    /// Returns the cost of a question: as the server counted its tokens, or, where it does not, a third of the bytes, which is more than
    /// most tokenizers make of them.
    func cost(_ usage: Usage) -> Budget.Cost {
        let read = usage.promptTokens ?? usage.promptBytes / 3
        let written = usage.completionTokens ?? usage.answerBytes / 3
        let tokens = max(0, read).addingSaturated(max(0, written))
        return Budget.Cost(
            lifeforce: Double(tokens) / 1000 * settings.lfPerThousandTokens
                + usage.milliseconds / 1000 * settings.lfPerSecond, tokens: tokens)
    }

    mutating func note(_ usage: Usage) {
        if latencies.count < 33 {
            latencies.append(usage.milliseconds)
        } else {
            latencies[next % 33] = usage.milliseconds
        }
        next += 1
        if let measured = usage.tokensPerSecond, measured.isFinite, measured >= 0 {
            tokensPerSecond = measured
        } else if let written = usage.completionTokens, usage.milliseconds > 0 {
            tokensPerSecond = Double(written) / usage.milliseconds * 1000
        }
    }

    /// The median time of the last answers, in milliseconds.
    var latency: Double { latencies.isEmpty ? 0 : latencies.sorted()[latencies.count / 2] }
}

/// Resources that a question took, as far as it was measured.
public struct Usage: Sendable, Hashable {
    /// Tokens read, if the server counts them.
    public var promptTokens: Int?
    /// Tokens written, if the server counts them.
    public var completionTokens: Int?
    /// Bytes of the prompt.
    public var promptBytes: Int
    /// Bytes of the answer.
    public var answerBytes: Int
    /// Duration, in milliseconds.
    public var milliseconds: Double
    /// Tokens written a second, if the server measures it.
    public var tokensPerSecond: Double?
    /// Digests of the pictures that the mind got.
    public var saw: [ArtifactDigest] = []
    /// Artifacts that were left out of the question, each with the reason.
    public var leftOut: [String] = []

    /// Creates an usage.
    public init(
        promptTokens: Int? = nil, completionTokens: Int? = nil, promptBytes: Int = 0, answerBytes: Int = 0,
        milliseconds: Double = 0, tokensPerSecond: Double? = nil
    ) {
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.promptBytes = promptBytes
        self.answerBytes = answerBytes
        self.milliseconds = milliseconds
        self.tokensPerSecond = tokensPerSecond
    }
}
