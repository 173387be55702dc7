import NimmerBus
import NimmerIris
import NimmerWave

/// The real model, which an organ has: asked over the bus, each time by a deadline (spec/iris.md, Which model answers).
package struct OrganEmbedder: Embedder {
    /// Texts of one request, and bytes of each: an organ refuses more.
    static let maximumTexts = 64
    static let maximumTextBytes = 2_000
    /// Numbers of one answer, of ten bytes each: it has to fit into a message.
    static let maximumNumbers = 6_000
    /// Bytes of the texts of one request as JSON, which has to fit, too.
    static let maximumRequestBytes = 60_000

    package let model: EmbeddingModel
    private let line: Line

    /// The organ, and who asks it.
    private struct Line: Sendable {
        let organ: Token
        let subject: Subject
        let requests: SharedRequests
        let source: Source
    }

    /// Learns the model of an organ by having it embed a word.
    ///
    /// - Parameters:
    ///   - source: who asks.
    ///   - deadline: the organ may have to load its model.
    /// - Throws: ``EmbeddingError`` with what keeps the organ from answering.
    package static func connect(
        _ organ: Token, in environment: Environment, by requests: SharedRequests, from source: Source,
        deadline: ContinuousClock.Instant
    ) async throws(EmbeddingError) -> OrganEmbedder {
        guard let verb = try? Token("embed") else { throw .unavailable("the verb is no token") }
        let line = Line(
            organ: organ, subject: .organ(environment, organ: organ, verb: verb), requests: requests, source: source)
        let answer = try await ask(line, ["organ"], by: deadline)
        guard let name = answer["embedding_model"]?.string, let dimensions = answer["dimensions"]?.int else {
            throw .unavailable(
                "the organ \(organ) names no model of its embeddings; it needs embeddings: true in the system file")
        }
        guard (1...120).contains(name.utf8.count), (1...4096).contains(dimensions) else {
            throw .unavailable("the organ \(organ) names a model that cannot be: \(name.prefix(40)), \(dimensions)")
        }
        return OrganEmbedder(model: EmbeddingModel(name: name, dimensions: dimensions), line: line)
    }

    private init(model: EmbeddingModel, line: Line) {
        self.model = model
        self.line = line
    }

    /// The embeddings of texts, of which the first 2,000 bytes count; in several requests where they are many.
    ///
    /// - Throws: ``EmbeddingError``; ``EmbeddingError/unavailable(_:)`` also when the organ has another model than at the start.
    package func embed(
        _ texts: [String], deadline: ContinuousClock.Instant
    ) async throws(EmbeddingError) -> [Embedding] {
        var found: [Embedding] = []
        let most = min(Self.maximumTexts, max(1, Self.maximumNumbers / model.dimensions))
        var rest = texts[...]
        while !rest.isEmpty {
            var (now, bytes): ([String], Int) = ([], 0)
            while now.count < most, let next = rest.first?.prefix(bytes: Self.maximumTextBytes) {
                guard !next.isEmpty else { throw .unknownText }
                bytes += JSON.string(next).text.utf8.count + 1
                guard now.isEmpty || bytes <= Self.maximumRequestBytes else { break }
                now.append(next)
                rest = rest.dropFirst()
            }
            found += try embeddings(of: try await Self.ask(line, now, by: deadline), count: now.count)
        }
        return found
    }

    private func embeddings(of answer: JSON, count: Int) throws(EmbeddingError) -> [Embedding] {
        let name = answer["embedding_model"]?.string ?? "no model"
        guard name == model.name else {
            throw .unavailable(
                "the organ \(line.organ) has the model \(name.prefix(120)) now; expected \(model.name), until a restart"
            )
        }
        let vectors = answer["vectors"]?.array ?? []
        guard vectors.count == count else {
            throw .unavailable("the organ \(line.organ) answered \(vectors.count) vectors for \(count) texts")
        }
        var found: [Embedding] = []
        for vector in vectors {
            let numbers = vector.array ?? []
            guard numbers.count == model.dimensions else {
                throw .wrongDimensions(found: numbers.count, expected: model.dimensions)
            }
            var values: [Float] = []
            values.reserveCapacity(numbers.count)
            for number in numbers {
                guard let value = number.double, value.isFinite, abs(value) <= 1e6 else { throw .notFinite }
                values.append(Float(value))
            }
            found.append(try Embedding(normalizing: values))
        }
        return found
    }

    /// Answer of an organ to one request.
    private static func ask(
        _ line: Line, _ texts: [String], by deadline: ContinuousClock.Instant
    ) async throws(EmbeddingError) -> JSON {
        let left = ContinuousClock.now.duration(to: deadline)
        guard left > .milliseconds(1) else { throw .timedOut }
        let milliseconds = min(86_400_000, Int(saturating: left / .milliseconds(1)))
        let command = Command(
            command: "embed", payload: ["texts": .array(texts.map { .string($0) })], deadlineMilliseconds: milliseconds,
            cause: "iris")
        let message = Envelope(id: .v7(), at: .now(), from: line.source, command)
        let answer: BusMessage
        do throws(BusError) {
            answer = try await line.requests.request(
                line.subject, of: line.organ, payload: message.encoded(), timeout: left)
        } catch {
            switch error.code {
            case .timeout: throw .timedOut
            case .noResponders: throw .unavailable("no organ \(line.organ) is running")
            default: throw .unavailable("the organ \(line.organ): \(error.message)")
            }
        }
        let result: CommandResult
        do throws(Refusal) { result = try Envelope<CommandResult>(answer: answer.payload).body } catch {
            throw .unavailable("the organ \(line.organ) answered what cannot be read: \(error)")
        }
        guard result.status == .ok else {
            throw .unavailable("the organ \(line.organ): \(String((result.error ?? "no reason").prefix(300)))")
        }
        return result.result.resolved
    }
}
