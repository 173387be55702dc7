import NimmerPlatform
import NimmerWave

/// Artifacts as objects of a stream, as every NATS client lays them out (ADR-20 of NATS): bucket `B` is the stream `OBJ_B`, the chunks of an
/// object are the messages of `$O.B.C.<nuid>`, and its description is the newest message of `$O.B.M.<name in base 64>`. Serves every ``Bus``
/// (spec/artifacts.md, Objects).
public final class StreamArtifactStore: ArtifactStore {
    /// Bytes of each chunk but the last.
    public static let chunkBytes = 131_072
    /// Chunks that are read at once.
    private static let chunksAtOnce = 8
    /// The time after which chunks without a description are removed: no upload takes so long.
    static let leftoverAge = Duration.seconds(3_600)

    /// The bucket's name.
    public let bucket: String
    public let bounds: ArtifactBounds
    let bus: any Bus
    let now: @Sendable () -> Timestamp
    var stream: String { "OBJ_\(bucket)" }

    init(bucket: String, bounds: ArtifactBounds, bus: any Bus, now: @escaping @Sendable () -> Timestamp) {
        self.bucket = bucket
        self.bounds = bounds
        self.bus = bus
        self.now = now
    }

    /// Opens the store of an environment, creating it on first use and bringing it to its bounds.
    ///
    /// - Parameters:
    ///   - mayChange: whether the client may change streams, where the server guards that.
    ///   - now: the clock that judges ages; the machine's by default.
    public static func open(
        _ env: Environment, bounds: ArtifactBounds = .usual, on bus: any Bus, mayChange: Bool = true,
        now: @escaping @Sendable () -> Timestamp = { .now() }
    ) async throws(ArtifactError) -> StreamArtifactStore {
        var bounds = bounds
        do throws(BusError) {
            var stream = SystemStreams.artifactsStream(env, bounds)
            stream.setsBounds = true
            stream.leavesRoom = mayChange
            // A server with little room reserves less.
            let made = try await bus.ensureStream(stream)
            bounds.maximumBytes = min(bounds.maximumBytes, made.maximumBytes.map { Int64(clamping: $0) } ?? .max)
        } catch { throw ArtifactError(error) }
        return StreamArtifactStore(bucket: SystemStreams.artifacts(env), bounds: bounds, bus: bus, now: now)
    }

    /// The store of an environment as it is there, for those who only read; its bounds are the stream's.
    ///
    /// - Throws: ``ArtifactError/Code/notFound`` where no process has made it.
    public static func existing(
        _ env: Environment, on bus: any Bus, now: @escaping @Sendable () -> Timestamp = { .now() }
    ) async throws(ArtifactError) -> StreamArtifactStore {
        try await existing(bucket: SystemStreams.artifacts(env), on: bus, now: now)
    }

    /// The same for a bucket of any name.
    package static func existing(
        bucket: String, on bus: any Bus, now: @escaping @Sendable () -> Timestamp = { .now() }
    ) async throws(ArtifactError) -> StreamArtifactStore {
        let stream: StreamInfo
        do throws(BusError) { stream = try await bus.stream("OBJ_\(bucket)") } catch {
            guard error.code == .notFound else { throw ArtifactError(error) }
            throw ArtifactError(
                .notFound, "there is no store of artifacts: no process has made the bucket \(bucket) yet")
        }
        var bounds = ArtifactBounds.usual
        bounds.maximumBytes = stream.maximumBytes.map { Int64(clamping: $0) } ?? .max
        bounds.maximumArtifactBytes = min(bounds.maximumArtifactBytes, bounds.maximumBytes)
        bounds.maximumAge = stream.maximumAge ?? .zero
        return StreamArtifactStore(bucket: bucket, bounds: bounds, bus: bus, now: now)
    }

    public func begin(_ offer: ArtifactOffer) async throws(ArtifactError) -> any ArtifactUpload {
        try bounds.check(offer.bytes ?? 0)
        return StreamArtifactUpload(offer, of: self)
    }

    @discardableResult
    public func read(
        _ digest: ArtifactDigest, limit: Int64?, take: ([UInt8]) async -> Bool
    ) async throws(ArtifactError) -> ArtifactInfo {
        guard let entry = try await entry(of: digest) else { throw .notFound(digest) }
        if let limit, entry.metadata.bytes > limit {
            throw ArtifactError(
                .tooLarge, "the artifact \(digest.short) has \(entry.metadata.bytes) bytes, expected at most \(limit)")
        }
        try await chunks(of: entry.metadata, digest, take)
        return info(entry)
    }

    /// Reads the chunks of an object, and holds them against its description.
    private func chunks(
        of object: ObjectMetadata, _ digest: ArtifactDigest, _ take: ([UInt8]) async -> Bool
    ) async throws(ArtifactError) {
        var hash = SHA256()
        var (bytes, count) = (Int64(0), Int64(0))
        if object.bytes > 0 {
            let reader = try await asking { bus throws(BusError) in
                try await bus.consumer(
                    ConsumerConfiguration(
                        stream: self.stream, durable: nil, filter: SubjectPattern(try self.chunkSubject(object.nuid)),
                        start: .all, acknowledges: false))
            }
            do throws(ArtifactError) {
                while bytes < object.bytes {
                    for piece in try await next(of: reader, digest) {
                        bytes = bytes.addingSaturated(Int64(piece.count))
                        count += 1
                        guard bytes <= object.bytes else { break }
                        hash.add(piece)
                        guard await take(piece) else {
                            throw ArtifactError(.stopped, "the reader of the artifact \(digest.short) stopped")
                        }
                    }
                }
            } catch {
                await reader.stop()
                throw error
            }
            await reader.stop()
        }
        guard bytes == object.bytes, hash.digest == digest, object.chunks == 0 || count == object.chunks else {
            throw ArtifactError(
                .damaged, "the artifact \(digest.short) is damaged: its bytes are not those of its digest")
        }
    }

    /// The next chunks; at least one.
    private func next(of reader: any Consumer, _ digest: ArtifactDigest) async throws(ArtifactError) -> [[UInt8]] {
        let deadline = ContinuousClock.now + .seconds(30)
        while true {
            let batch = try await asking { _ throws(BusError) in
                try await reader.fetch(maximum: Self.chunksAtOnce, wait: .seconds(1), linger: .zero)
            }
            if !batch.isEmpty { return batch.map(\.message.payload) }
            let waiting = try await asking { _ throws(BusError) in try await reader.info().waiting }
            guard waiting > 0 else {
                throw ArtifactError(
                    .incomplete, "the artifact \(digest.short) is not whole any more: it expires, or is being replaced")
            }
            guard ContinuousClock.now < deadline else {
                throw ArtifactError(.unavailable, "the server stopped in the middle of the artifact \(digest.short)")
            }
        }
    }

    public func describe(_ digest: ArtifactDigest) async throws(ArtifactError) -> ArtifactInfo? {
        try await entry(of: digest).map(info)
    }

    public func list() async throws(ArtifactError) -> ArtifactList {
        let (entries, damaged) = try await entries()
        var list = ArtifactList(others: damaged)
        for entry in entries {
            switch target(of: entry, among: entries) {
            case .success(let target):
                var found = info(target)
                found.name = entry.metadata.name
                list.artifacts.append(found)
            case .failure(let reason):
                list.others.append(ArtifactList.Other(name: entry.metadata.name, reason: reason.message))
            }
        }
        return list
    }

    @discardableResult
    public func remove(_ digest: ArtifactDigest) async throws(ArtifactError) -> Bool {
        let entries = try await entries().found
        var isThere = false
        for entry in entries {
            guard case .success(let target) = target(of: entry, among: entries), target.metadata.digest == digest else {
                continue
            }
            isThere = true
            var gone = ObjectMetadata(name: entry.metadata.name, nuid: entry.metadata.nuid)
            gone.isDeleted = true
            gone.link = entry.metadata.link
            try await asking { _ throws(BusError) in try await self.publish(gone, replacing: nil, id: .v7()) }
            if entry.metadata.link == nil { try await purge(entry.metadata.nuid) }
        }
        return isThere
    }

    /// Removes chunks that an upload left which ended without a word, once they are an hour old. Only those of this implementation, whose
    /// names state when they began: those of other clients go when their age is over.
    ///
    /// - Returns: how many uploads they were of.
    @discardableResult
    package func removeLeftovers() async throws(ArtifactError) -> Int {
        let all = try await asking { bus throws(BusError) in
            try await bus.subjects(of: self.stream, matching: try self.pattern("C.*"))
        }
        let known = Set(try await entries().found.map(\.metadata.nuid))
        var removed = 0
        for subject in all.keys {
            let nuid = String(subject.dropFirst("$O.\(bucket).C.".count))
            guard !known.contains(nuid), let id = try? MessageID(nuid), let began = id.createdAt,
                now().nanoseconds(since: began) > Self.leftoverAge.nanoseconds
            else { continue }
            try await purge(nuid)
            removed += 1
        }
        return removed
    }
}

extension ArtifactError {
    static func notFound(_ digest: ArtifactDigest) -> ArtifactError {
        ArtifactError(.notFound, "there is no artifact \(digest.short): it was never put, was removed, or has expired")
    }
}
