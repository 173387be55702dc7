import NimmerWave

/// Hands artifacts over piece by piece, for parts that write to no stream (spec/artifacts.md, Handing over; decision 0019).
package enum ArtifactHandover {
    /// Number of times that an artifact is begun before it is given up.
    private static let attempts = 3

    /// Hands an artifact over; returns when the store has all of it.
    ///
    /// - Parameter timeout: how long to try in all.
    /// - Throws: ``ArtifactError/Code/unavailable`` when nothing answers in time, ``ArtifactError/Code/invalid`` with the reason of a refusal.
    @discardableResult
    package static func put(
        _ bytes: [UInt8], type: MediaType, from sender: Token, in env: Environment, on bus: any Bus,
        timeout: Duration = .seconds(60)
    ) async throws(ArtifactError) -> ArtifactReference {
        let digest = ArtifactDigest(of: bytes)
        let subject = Subject.artifact(env, from: sender)
        let deadline = ContinuousClock.now + timeout
        var (offset, begun, trouble) = (Int64(0), 1, "no answer")
        while ContinuousClock.now < deadline {
            let end = min(bytes.count, Int(offset) + ArtifactPiece.bytes)
            let piece = ArtifactPiece(
                sender: sender, digest: digest, type: type, total: Int64(bytes.count), offset: offset,
                payload: Array(bytes[Int(offset)..<end]))
            switch await ask(piece, on: subject, bus, until: deadline) {
            case .success(.stored(digest)):
                return ArtifactReference(digest: digest, type: type, bytes: bytes.count)
            case .success(.stored(let other)):
                throw ArtifactError(.mismatch, "the store names \(other.short), expected \(digest.short)")
            case .success(.next(let next)):
                guard next == Int64(end), end < bytes.count else {
                    throw ArtifactError(.mismatch, "the store asks for the byte \(next), expected \(end)")
                }
                offset = next
            case .success(.restart):
                guard begun < attempts else {
                    throw ArtifactError(.unavailable, "the store lost the artifact \(digest.short) \(begun) times")
                }
                (offset, begun) = (0, begun + 1)
            case .success(.refused(let reason)): throw ArtifactError(.invalid, reason)
            case .success(.later(let wait, let reason)):
                trouble = reason
                do { try await Task.sleep(for: .milliseconds(wait)) } catch {
                    throw ArtifactError(.stopped, "handing over the artifact \(digest.short) was cancelled")
                }
            case .failure(let error):
                guard error.canRetry else { throw ArtifactError(error) }
                trouble = error.description
                do { try await Task.sleep(for: .milliseconds(500)) } catch {
                    throw ArtifactError(.stopped, "handing over the artifact \(digest.short) was cancelled")
                }
            }
        }
        throw ArtifactError(.unavailable, "the artifact \(digest.short) was not taken within \(timeout): \(trouble)")
    }

    private static func ask(
        _ piece: ArtifactPiece, on subject: Subject, _ bus: any Bus, until deadline: ContinuousClock.Instant
    ) async -> Result<ArtifactAnswer, BusError> {
        do throws(BusError) {
            let answer = try await bus.request(
                subject, payload: piece.payload, headers: piece.headers,
                timeout: min(.seconds(15), max(.milliseconds(1), ContinuousClock.now.duration(to: deadline))))
            guard let read = ArtifactAnswer(answer.payload) else {
                throw BusError(.refused, "the answer to a piece of an artifact cannot be read")
            }
            return .success(read)
        } catch { return .failure(error) }
    }
}
