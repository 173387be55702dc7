import NimmerWave

/// The contract of a store of artifacts: contents too big for waves, each named by the SHA-256 of its bytes (spec/artifacts.md, The store). One
/// conformance suite, `ArtifactConformance`, holds every implementation to this text.
///
/// **Visibility.** An artifact is there once ``ArtifactUpload/finish()`` has returned, whole; one that was not finished was never there.
///
/// **Names.** The same bytes are one artifact. Putting them again leaves one, whose age begins again at the latest when half of it is over.
///
/// **Bounds.** What would exceed ``bounds`` is refused, and removes nothing. What is older than their age is gone.
public protocol ArtifactStore: AnyObject, Sendable {
    /// The bounds that it keeps.
    var bounds: ArtifactBounds { get }

    /// Begins to take in an artifact.
    ///
    /// - Parameter offer: what is known of it; what it announces is held against what comes.
    /// - Throws: ``ArtifactError/Code/tooLarge`` where more is announced than ``bounds`` permit.
    func begin(_ offer: ArtifactOffer) async throws(ArtifactError) -> any ArtifactUpload

    /// Reads an artifact from its beginning, in pieces of at most a few MiB.
    ///
    /// The digest is known to be right only when this returns: what was taken until then may be anything.
    ///
    /// - Parameters:
    ///   - limit: the most bytes to read; nil: no bound.
    ///   - take: takes the next piece; false: enough, which ends it with ``ArtifactError/Code/stopped``.
    /// - Throws: ``ArtifactError/Code/notFound``, ``ArtifactError/Code/incomplete``, ``ArtifactError/Code/damaged``,
    ///   ``ArtifactError/Code/tooLarge`` before the first piece.
    @discardableResult
    func read(
        _ digest: ArtifactDigest, limit: Int64?, take: ([UInt8]) async -> Bool
    ) async throws(ArtifactError) -> ArtifactInfo

    /// Describes an artifact; nil when there is none of that digest.
    func describe(_ digest: ArtifactDigest) async throws(ArtifactError) -> ArtifactInfo?

    /// Lists what is there, the oldest first.
    func list() async throws(ArtifactError) -> ArtifactList

    /// Removes an artifact, under every name that it has; false when there is none of that digest.
    @discardableResult
    func remove(_ digest: ArtifactDigest) async throws(ArtifactError) -> Bool
}

/// An artifact on its way into a store. One task uses it, one call at a time; it ends with ``finish()`` or ``abandon()``, or with its first error.
public protocol ArtifactUpload: AnyObject, Sendable {
    /// Adds the next bytes; returns when the store holds those before the last 128 KiB.
    func append(_ bytes: [UInt8]) async throws(ArtifactError)

    /// Ends it: the artifact is there when this returns.
    ///
    /// - Throws: ``ArtifactError/Code/mismatch`` where it is not what was announced; then nothing of it stays.
    func finish() async throws(ArtifactError) -> ArtifactInfo

    /// Gives it up; nothing of it stays. Harmless after the end.
    func abandon() async
}

/// Description of an artifact before its bytes come.
public struct ArtifactOffer: Sendable, Hashable {
    /// Kind of contents.
    public var type: MediaType
    /// Number of bytes that will come; nil: not known.
    public var bytes: Int64?
    /// The digest that they will have; nil: not known.
    public var digest: ArtifactDigest?
    /// The part that hands it over; nil: a person or an unknown client.
    public var sender: Token?

    /// An offer.
    public init(type: MediaType, bytes: Int64? = nil, digest: ArtifactDigest? = nil, sender: Token? = nil) {
        self.type = type
        self.bytes = bytes
        self.digest = digest
        self.sender = sender
    }
}

/// An artifact that a store holds.
public struct ArtifactInfo: Sendable, Hashable {
    /// Its name: the SHA-256 of its bytes.
    public var digest: ArtifactDigest
    /// The name under which the store's other clients know it: the digest's text, unless one of them chose another.
    public var name: String
    /// Kind of contents.
    public var type: MediaType
    /// Number of bytes.
    public var bytes: Int64
    /// Time at which it was stored.
    public var created: Timestamp
    /// Time at which it will be gone; nil: never.
    public var expires: Timestamp?
    /// The part that handed it over, where one did.
    public var sender: Token?

    /// Creates a description.
    public init(
        digest: ArtifactDigest, name: String, type: MediaType, bytes: Int64, created: Timestamp, expires: Timestamp?,
        sender: Token? = nil
    ) {
        self.digest = digest
        self.name = name
        self.type = type
        self.bytes = bytes
        self.created = created
        self.expires = expires
        self.sender = sender
    }
}

/// Contents of a store.
public struct ArtifactList: Sendable, Hashable {
    /// The artifacts, the oldest first.
    public var artifacts: [ArtifactInfo]
    /// Objects that other clients put and that no digest names, each with the reason: a link to elsewhere, a damaged description.
    public var others: [Other]

    /// An object that is no artifact.
    public struct Other: Sendable, Hashable {
        /// Its name.
        public var name: String
        /// The reason.
        public var reason: String
    }

    /// Creates a list.
    public init(artifacts: [ArtifactInfo] = [], others: [Other] = []) {
        self.artifacts = artifacts
        self.others = others
    }
}

extension ArtifactStore {
    /// Puts bytes that are there as a whole.
    @discardableResult
    public func put(_ bytes: [UInt8], type: MediaType, sender: Token? = nil) async throws(ArtifactError) -> ArtifactInfo
    {
        let upload = try await begin(
            ArtifactOffer(type: type, bytes: Int64(bytes.count), digest: ArtifactDigest(of: bytes), sender: sender))
        try await upload.append(bytes)
        return try await upload.finish()
    }

    /// Returns all bytes of an artifact that has at most so many, checked.
    public func contents(_ digest: ArtifactDigest, atMost limit: Int64) async throws(ArtifactError) -> [UInt8] {
        var bytes: [UInt8] = []
        try await read(digest, limit: limit) { piece in
            bytes += piece
            return true
        }
        return bytes
    }
}

extension ArtifactBounds {
    /// Refuses an artifact of so many bytes where it is too large.
    package func check(_ bytes: Int64) throws(ArtifactError) {
        guard bytes > maximumArtifactBytes else { return }
        throw ArtifactError(
            .tooLarge,
            "an artifact has at most \(maximumArtifactBytes) bytes here (artifacts.max_artifact_bytes); "
                + "found \(bytes)")
    }
}

extension ArtifactOffer {
    /// Holds what came against what was announced.
    func check(bytes found: Int64, digest came: ArtifactDigest) throws(ArtifactError) {
        if let bytes, bytes != found {
            throw ArtifactError(.mismatch, "found \(found) bytes, expected the \(bytes) that were announced")
        }
        if let digest, digest != came {
            throw ArtifactError(.mismatch, "the bytes have the digest \(came), expected the announced \(digest)")
        }
    }
}
