import NimmerCognition
import NimmerWave

/// One protocol of servers: how a question is written, and what each piece of an answer means.
protocol Dialect: Sendable {
    /// Path of questions.
    var path: String { get }
    /// The media types of an answer.
    var types: [String] { get }
    /// The question as this protocol writes it.
    func body(_ question: MindQuestion) -> JSON
    /// One JSON value of an answer.
    func piece(_ json: JSON) throws(MindError) -> AnswerPiece
}

/// Contribution of one JSON value of an answer.
struct AnswerPiece: Equatable {
    /// More of the text.
    var text = ""
    /// Reason why the server stopped, once it sends one.
    var finish: String?
    /// Indicates whether nothing follows.
    var isLast = false
    var model: String?
    var promptTokens: Int?
    var completionTokens: Int?
    var tokensPerSecond: Double?
}

extension JSON {
    /// A count that a server claims; nil for what cannot be one.
    var tokenCount: Int? { int.flatMap { (0...1_000_000_000).contains($0) ? $0 : nil } }
    /// A speed that a server claims; nil for what cannot be one.
    var speed: Double? { double.flatMap { $0.isFinite && (0...1e9).contains($0) ? $0 : nil } }
}
