import NimmerSystem
import NimmerWave

/// Checks the vectors that a model's server answers, and names the model that made them (spec/iris.md, Which model answers).
///
/// Its answers have embeddings of length 1, all of as many components, by a model whose name changes with everything that makes its
/// vectors: the server's kind, the model, the text before each text, and what the server states of the model's content.
public struct OrganEmbeddings: Sendable {
    /// Numbers that one answer may have, of ten bytes each, so that it fits into a message.
    public static let maximumNumbers = 6_000

    private let settings: OrganSettings
    /// Content of the model, as its server states it.
    private let content: String
    /// Number of components of all its answers; nil before the first.
    private var dimensions: Int?

    /// A model that has not answered yet.
    ///
    /// - Parameters:
    ///   - settings: the organ; its `dimensions` bind the first answer, too.
    ///   - content: what the server states of the model, such as a digest; empty when it states nothing.
    public init(_ settings: OrganSettings, content: String) {
        self.settings = settings
        self.content = content
        dimensions = settings.dimensions
    }

    /// Result of an `embed`.
    ///
    /// - Parameters:
    ///   - vectors: the server's, one for each text.
    ///   - cut: number of texts that were too long for the model and cut.
    /// - Throws: a ``MindError``, `malformed`, that names what is wrong with the vectors; `tooLarge` where they do not fit into a message.
    public mutating func result(_ vectors: [[Double]], cut: Int) throws(MindError) -> CommandResult {
        var unit: [JSON] = []
        for (place, vector) in vectors.enumerated() {
            let expected = dimensions ?? vector.count
            guard vector.count == expected, (1...4096).contains(expected) else {
                throw MindError(
                    .malformed,
                    "the model's vector of text \(place + 1) has \(vector.count) components; expected "
                        + (dimensions.map { "\($0)" } ?? "1 to 4096"))
            }
            guard vectors.count * expected <= Self.maximumNumbers else {
                throw MindError(
                    .tooLarge,
                    "\(vectors.count) vectors of \(expected) components do not fit into a message; expected at most "
                        + "\(Self.maximumNumbers / expected) texts at once")
            }
            let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
            guard length.isFinite else {
                throw MindError(
                    .malformed, "the model's vector of text \(place + 1) has a component that is not a finite number")
            }
            guard length > 0 else {
                throw MindError(.malformed, "the model's vector of text \(place + 1) has no length: all is zero")
            }
            dimensions = expected
            // Six digits behind the point: the vectors of several texts fit into a message.
            unit.append(.array(vector.map { .number(($0 / length * 1e6).rounded() / 1e6) }))
        }
        return CommandResult(
            status: .ok,
            result: [
                "model": .string(settings.model), "embedding_model": .string(name),
                "dimensions": .number(Double(dimensions ?? 0)), "cut": .number(Double(cut)), "vectors": .array(unit),
            ])
    }

    /// `organ/all-MiniLM-L6-v2@1f0c2a3b`, at most 120 bytes of plain characters.
    private var name: String {
        let made = [settings.kind.rawValue, settings.model, settings.prefix, content, "\(dimensions ?? 0)"]
        let digest = MessageID.named(made.joined(separator: "\u{0}")).text.prefix(8)
        let plain = settings.model.utf8.prefix(100).map { (0x21...0x7e).contains($0) ? $0 : UInt8(ascii: "_") }
        return "organ/\(String(decoding: plain, as: UTF8.self))@\(digest)"
    }
}
