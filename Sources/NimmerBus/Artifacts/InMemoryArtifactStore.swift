import NimmerWave
import Synchronization

/// Artifacts within one process, for tests and for systems that need no server.
public final class InMemoryArtifactStore: ArtifactStore {
    public let bounds: ArtifactBounds
    fileprivate let now: @Sendable () -> Timestamp
    fileprivate let held = Mutex<[ArtifactDigest: Held]>([:])

    fileprivate struct Held {
        var info: ArtifactInfo
        var bytes: [UInt8]
    }

    /// An empty store.
    ///
    /// - Parameter now: the clock that judges ages; the machine's by default.
    public init(bounds: ArtifactBounds = .usual, now: @escaping @Sendable () -> Timestamp = { .now() }) {
        self.bounds = bounds
        self.now = now
    }

    public func begin(_ offer: ArtifactOffer) async throws(ArtifactError) -> any ArtifactUpload {
        try bounds.check(offer.bytes ?? 0)
        return Upload(offer, of: self)
    }

    @discardableResult
    public func read(
        _ digest: ArtifactDigest, limit: Int64?, take: ([UInt8]) async -> Bool
    ) async throws(ArtifactError) -> ArtifactInfo {
        guard let found = present()[digest] else { throw .notFound(digest) }
        if let limit, found.info.bytes > limit {
            throw ArtifactError(
                .tooLarge, "the artifact \(digest.short) has \(found.info.bytes) bytes, expected at most \(limit)")
        }
        for start in stride(from: 0, to: found.bytes.count, by: StreamArtifactStore.chunkBytes) {
            let piece = Array(found.bytes[start..<min(start + StreamArtifactStore.chunkBytes, found.bytes.count)])
            guard await take(piece) else {
                throw ArtifactError(.stopped, "the reader of the artifact \(digest.short) stopped")
            }
        }
        return found.info
    }

    public func describe(_ digest: ArtifactDigest) async throws(ArtifactError) -> ArtifactInfo? {
        present()[digest]?.info
    }

    public func list() async throws(ArtifactError) -> ArtifactList {
        ArtifactList(
            artifacts: present().values.map(\.info).sorted { ($0.created, $0.digest) < ($1.created, $1.digest) })
    }

    @discardableResult
    public func remove(_ digest: ArtifactDigest) async throws(ArtifactError) -> Bool {
        present()[digest] != nil && held.withLock { $0.removeValue(forKey: digest) } != nil
    }

    /// Artifacts that have not expired.
    private func present() -> [ArtifactDigest: Held] {
        let moment = now()
        return held.withLock { held in
            held = held.filter { entry in entry.value.info.expires.map { $0 > moment } ?? true }
            return held
        }
    }

    fileprivate func store(
        _ bytes: [UInt8], _ digest: ArtifactDigest, _ offer: ArtifactOffer
    ) throws(ArtifactError) -> ArtifactInfo {
        let others = present()
        let moment = now()
        let age = bounds.maximumAge
        if let present = others[digest], moment.nanoseconds(since: present.info.created) < age.nanoseconds / 2 {
            return present.info
        }
        let info = ArtifactInfo(
            digest: digest, name: digest.text, type: offer.type, bytes: Int64(bytes.count), created: moment,
            expires: moment.advanced(nanoseconds: age.nanoseconds), sender: offer.sender)
        let used = others.values.reduce(Int64(bytes.count)) { $0.addingSaturated($1.info.bytes) }
        guard used <= bounds.maximumBytes else {
            throw ArtifactError(.full, "the store of artifacts is full: \(bounds.maximumBytes) bytes")
        }
        held.withLock { $0[digest] = Held(info: info, bytes: bytes) }
        return info
    }

    private actor Upload: ArtifactUpload {
        private let offer: ArtifactOffer
        private let store: InMemoryArtifactStore
        private var bytes: [UInt8] = []
        private var hasEnded = false

        init(_ offer: ArtifactOffer, of store: InMemoryArtifactStore) {
            self.offer = offer
            self.store = store
        }

        func append(_ piece: [UInt8]) async throws(ArtifactError) {
            try begin()
            let total = Int64(bytes.count).addingSaturated(Int64(piece.count))
            do throws(ArtifactError) {
                try store.bounds.check(total)
                if let announced = offer.bytes, total > announced {
                    throw ArtifactError(.mismatch, "found more than the \(announced) bytes that were announced")
                }
            } catch {
                await abandon()
                throw error
            }
            bytes += piece
        }

        func finish() async throws(ArtifactError) -> ArtifactInfo {
            try begin()
            hasEnded = true
            let digest = ArtifactDigest(of: bytes)
            try offer.check(bytes: Int64(bytes.count), digest: digest)
            return try store.store(bytes, digest, offer)
        }

        func abandon() async {
            hasEnded = true
            bytes = []
        }

        private func begin() throws(ArtifactError) {
            guard !hasEnded else { throw ArtifactError(.invalid, "the upload of the artifact has ended") }
        }
    }
}
