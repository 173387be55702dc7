import NimmerPlatform
import NimmerWave

/// An artifact on its way into a stream: each chunk waits for the acknowledgement of the one before, and the description comes last, so that
/// what ends half way is never seen (spec/artifacts.md, Objects).
actor StreamArtifactUpload: ArtifactUpload {
    private let offer: ArtifactOffer
    private let store: StreamArtifactStore
    private let nuid: String
    private var hash = SHA256()
    private var chunk: [UInt8] = []
    private var bytes: Int64 = 0
    private var chunks: Int64 = 0
    private var hasEnded = false

    /// Number of times that a description is tried against those who put the same artifact at once.
    private static let attempts = 8

    init(_ offer: ArtifactOffer, of store: StreamArtifactStore) {
        self.offer = offer
        self.store = store
        var random = SystemRandomNumberGenerator()
        nuid = MessageID.v7(at: store.now(), using: &random).text
    }

    func append(_ bytes: [UInt8]) async throws(ArtifactError) {
        try begin()
        do throws(ArtifactError) {
            let total = self.bytes.addingSaturated(Int64(bytes.count))
            try store.bounds.check(total)
            if let announced = offer.bytes, total > announced {
                throw ArtifactError(.mismatch, "found more than the \(announced) bytes that were announced")
            }
            self.bytes = total
            hash.add(bytes)
            var rest = bytes[...]
            while !rest.isEmpty {
                let part = rest.prefix(StreamArtifactStore.chunkBytes - chunk.count)
                chunk += part
                rest = rest.dropFirst(part.count)
                if chunk.count == StreamArtifactStore.chunkBytes { try await send() }
            }
        } catch {
            await end()
            throw error
        }
    }

    func finish() async throws(ArtifactError) -> ArtifactInfo {
        try begin()
        let digest = hash.digest
        do throws(ArtifactError) {
            try offer.check(bytes: bytes, digest: digest)
            if !chunk.isEmpty { try await send() }
        } catch {
            await end()
            throw error
        }
        return try await describe(digest)
    }

    func abandon() async {
        if !hasEnded { await end() }
    }

    private func begin() throws(ArtifactError) {
        guard !hasEnded else { throw ArtifactError(.invalid, "the upload of the artifact has ended") }
    }

    /// Stores the chunk that is full, or the last.
    private func send() async throws(ArtifactError) {
        let payload = chunk
        chunk = []
        do throws(BusError) {
            _ = try await store.bus.publishDurably(try store.chunkSubject(nuid), payload: payload, id: .v7())
        } catch { throw ArtifactError(error) }
        chunks += 1
    }

    /// Removes what was stored. It completes although the caller was cancelled; where the server does not answer, the chunks go as leftovers.
    private func end() async {
        hasEnded = true
        chunk = []
        guard chunks > 0 else { return }
        await finishing { [store, nuid] in try? await store.purge(nuid) }
    }

    /// Makes the artifact visible, in the place of one that is there, or gives this one up for one that is there and stays for long enough.
    private func describe(_ digest: ArtifactDigest) async throws(ArtifactError) -> ArtifactInfo {
        var metadata = ObjectMetadata(name: digest.text, nuid: nuid)
        (metadata.bytes, metadata.chunks, metadata.digest) = (bytes, chunks, digest)
        (metadata.type, metadata.sender) = (offer.type, offer.sender)
        var failure = ArtifactError(.unavailable, "others put the artifact \(digest.short) all the time")
        for _ in 0..<Self.attempts {
            do throws(BusError) {
                let present = try await newest(digest)
                if let present, try await isKept(present, digest) {
                    await end()
                    return store.info(present)
                }
                let id = MessageID.v7()
                do throws(BusError) {
                    try await store.publish(metadata, replacing: present?.sequence ?? 0, id: id)
                } catch {
                    // The answer may be lost, and the description be stored: what is there decides.
                    guard error.code == .conflict || !error.isOutcomeKnown else { throw error }
                    let found: StreamArtifactStore.Entry?
                    do throws(BusError) { found = try await newest(digest) } catch {
                        // It may be visible: its chunks stay, as leftovers where it is not.
                        hasEnded = true
                        throw error
                    }
                    if found?.metadata.nuid != nuid {
                        failure = ArtifactError(error)
                        if error.code == .conflict { continue }
                        throw error
                    }
                }
                hasEnded = true
                if let present, present.metadata.link == nil, present.metadata.nuid != nuid, !present.metadata.isDeleted
                {
                    await finishing { [store] in try? await store.purge(present.metadata.nuid) }
                }
                guard let stored = try await newest(digest) else {
                    throw BusError(.conflict, "the artifact \(digest.short) was removed as soon as it was there")
                }
                return store.info(stored)
            } catch {
                if !hasEnded { await end() }
                throw ArtifactError(error)
            }
        }
        await end()
        throw failure
    }

    private func newest(_ digest: ArtifactDigest) async throws(BusError) -> StreamArtifactStore.Entry? {
        let subject = try store.metadataSubject(digest.text)
        guard let stored = try await store.bus.lastMessage(stream: store.stream, subject: subject) else { return nil }
        // One that cannot be read is replaced.
        var metadata = ObjectMetadata(name: digest.text, nuid: "unreadable")
        metadata.isDeleted = true
        return StreamArtifactStore.Entry(
            metadata: (try? ObjectMetadata(parsing: stored.message.payload)) ?? metadata, sequence: stored.sequence,
            at: stored.message.at)
    }

    /// Returns whether what is there has the same bytes, all of them, and more than half of its time.
    private func isKept(
        _ present: StreamArtifactStore.Entry, _ digest: ArtifactDigest
    ) async throws(BusError) -> Bool {
        let metadata = present.metadata
        guard metadata.digest == digest, !metadata.isDeleted, metadata.link == nil, metadata.bytes == bytes else {
            return false
        }
        let age = store.bounds.maximumAge
        guard age == .zero || store.now().nanoseconds(since: present.at) < age.nanoseconds / 2 else { return false }
        guard metadata.chunks > 0 else { return bytes == 0 }
        let pattern = SubjectPattern(try store.chunkSubject(metadata.nuid))
        let held = try await store.bus.subjects(of: store.stream, matching: pattern)
        return held.values.reduce(0, +) == UInt64(metadata.chunks)
    }
}
