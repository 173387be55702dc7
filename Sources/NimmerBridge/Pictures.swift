import NimmerBus
import NimmerCognition
import NimmerPlatform
import NimmerWave

/// The pictures that a request's witnesses name, for minds that see: each is fetched once for a decision, and what is left out is named
/// (spec/artifacts.md, Minds that see).
actor Pictures {
    /// Requests whose pictures are kept for further questions about them.
    private static let kept = 4
    /// Pause before one that is not there yet is looked for again: a wave may be faster than what it names.
    private static let pause = Duration.milliseconds(250)

    /// Pictures for one question.
    struct Shown: Sendable, Equatable {
        var images: [MindImage] = []
        /// Digests of these.
        var saw: [ArtifactDigest] = []
        /// Artifacts that were left out, each with the reason.
        var leftOut: [String] = []
    }

    /// Opens the store as it is.
    typealias Opening = @Sendable () async throws(ArtifactError) -> any ArtifactStore

    private let open: Opening
    private var store: (any ArtifactStore)?
    /// A store that hangs is abandoned, also where it does not heed that its task was cancelled.
    private let calls = AbandonedCalls(places: 16)
    private var fetched: [(request: MessageID, images: [ArtifactDigest: Result<MindImage, ArtifactError>])] = []

    init(_ open: @escaping Opening) { self.open = open }

    /// Chooses and fetches the pictures of a question.
    ///
    /// - Parameters:
    ///   - budget: the bytes of all pictures together.
    ///   - deadline: until when they are fetched; what is not there by then is left out.
    func shown(
        for request: CognitiveRequest, budget: Int, until deadline: ContinuousClock.Instant
    ) async -> Shown {
        var shown = Shown()
        var left = Int64(budget)
        for reference in request.artifacts {
            let name = "\(reference.digest.short) (\(reference.type.text), \(reference.bytes) B)"
            guard reference.type.isImage else {
                shown.leftOut.append("\(name): not an image")
                continue
            }
            guard Int64(reference.bytes) <= left else {
                shown.leftOut.append("\(name): beyond the \(budget) bytes of image_bytes")
                continue
            }
            switch await image(reference, of: request.requestID, until: deadline) {
            case .success(let image):
                left -= Int64(image.bytes.count)
                shown.images.append(image)
                shown.saw.append(reference.digest)
            case .failure(let error): shown.leftOut.append("\(name): \(error.message.prefix(120))")
            }
        }
        return shown
    }

    private func image(
        _ reference: ArtifactReference, of request: MessageID, until deadline: ContinuousClock.Instant
    ) async -> Result<MindImage, ArtifactError> {
        if let known = fetched.first(where: { $0.request == request })?.images[reference.digest] { return known }
        let result = await fetch(reference, until: deadline)
        // What may still come is looked for again.
        if case .failure(let error) = result, error.code != .damaged, error.code != .invalid { return result }
        if let place = fetched.firstIndex(where: { $0.request == request }) {
            fetched[place].images[reference.digest] = result
        } else {
            fetched.append((request, [reference.digest: result]))
            if fetched.count > Self.kept { fetched.removeFirst() }
        }
        return result
    }

    private func fetch(
        _ reference: ArtifactReference, until deadline: ContinuousClock.Instant
    ) async -> Result<MindImage, ArtifactError> {
        let left = max(.zero, ContinuousClock.now.duration(to: deadline))
        let outcome = await calls.call(within: left) {
            [open, store] () async -> (store: (any ArtifactStore)?, image: Result<MindImage, ArtifactError>) in
            do throws(ArtifactError) {
                let store = if let store { store } else { try await open() }
                return (store, await Self.fetch(reference, from: store, until: deadline))
            } catch { return (nil, .failure(error)) }
        }
        switch outcome {
        case .returned(let found):
            store = store ?? found.store
            return found.image
        case .late: return .failure(ArtifactError(.unavailable, "it was not there in time"))
        case .busy:
            return .failure(ArtifactError(.unavailable, "\(calls.inProgress) others have not come yet"))
        }
    }

    private static func fetch(
        _ reference: ArtifactReference, from store: any ArtifactStore, until deadline: ContinuousClock.Instant
    ) async -> Result<MindImage, ArtifactError> {
        while true {
            do throws(ArtifactError) {
                let bytes = try await store.contents(reference.digest, atMost: Int64(reference.bytes))
                // The wave states the type; a mind's server gets what the bytes are.
                guard let type = MediaType(beginning: bytes), type.isImage else {
                    throw ArtifactError(.invalid, "its bytes are no image")
                }
                return .success(MindImage(type: type.text, bytes: bytes))
            } catch {
                let isLate = ContinuousClock.now + pause >= deadline || Task.isCancelled
                guard error.code == .notFound || error.code == .incomplete, !isLate else { return .failure(error) }
                try? await Task.sleep(for: pause)
            }
        }
    }
}

extension CognitiveRequest {
    /// The artifacts that the witnesses of the newest opening name, then those of earlier ones, the surest first, each once.
    var artifacts: [ArtifactReference] {
        guard case .escalation(let input) = input else { return [] }
        var seen: Set<ArtifactDigest> = []
        var found: [ArtifactReference] = []
        for witnesses in [input.witnesses ?? []] + (input.earlier ?? []).map(\.witnesses) {
            for witness in witnesses.sorted(by: { $0.confidence > $1.confidence }) {
                found += witness.artifacts.filter { seen.insert($0.digest).inserted }
            }
        }
        return Array(found.prefix(64))
    }
}
