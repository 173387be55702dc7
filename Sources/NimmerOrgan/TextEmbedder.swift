import NimmerCognition
import NimmerWave

/// Has a server embed texts, some of which may be too long for its model.
///
/// A server that finds one text of a batch too long refuses the batch, by its own words and with a status of its own. So a batch that
/// is refused is asked again text by text, and a text that is refused is halved until it is taken.
struct TextEmbedder: Sendable {
    /// Bytes from which a refusal is not about the length of a text.
    static let shortBytes = 128

    let mind: any LoadableMind
    /// Text before each text.
    let prefix: String

    /// The vectors of texts, in their order, and how many of the texts were cut.
    func vectors(
        of texts: [String], deadline: ContinuousClock.Instant
    ) async throws(MindError) -> (vectors: [[Double]], cut: Int) {
        do throws(MindError) {
            return (try await mind.embed(texts.map { prefix + $0 }, deadline: deadline), 0)
        } catch {
            guard isAboutTexts(error), texts.contains(where: { $0.utf8.count > Self.shortBytes }) else { throw error }
        }
        var (vectors, cut) = ([[Double]](), 0)
        for text in texts {
            let (vector, isCut) = try await self.vector(of: text, deadline: deadline)
            vectors.append(vector)
            if isCut { cut += 1 }
        }
        return (vectors, cut)
    }

    private func vector(
        of text: String, deadline: ContinuousClock.Instant
    ) async throws(MindError) -> (vector: [Double], isCut: Bool) {
        var rest = text
        while true {
            do throws(MindError) {
                let vectors = try await mind.embed([prefix + rest], deadline: deadline)
                guard let vector = vectors.first else { throw MindError(.malformed, "the server answered no vector") }
                return (vector, rest.utf8.count < text.utf8.count)
            } catch {
                guard isAboutTexts(error), rest.utf8.count > Self.shortBytes else { throw error }
                rest = rest.prefix(bytes: rest.utf8.count / 2)
            }
        }
    }

    /// Returns whether a server may refuse a text for its length so: vLLM with 400, llama.cpp with 500.
    private func isAboutTexts(_ error: MindError) -> Bool {
        (error.code == .rejected || error.code == .serverError) && error.status != 404
    }
}
