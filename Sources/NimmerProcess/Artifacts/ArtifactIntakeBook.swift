import NimmerBus
import NimmerWave

/// The artifacts that are being handed over, each by its sender, and the room that each sender has used: a value (spec/artifacts.md, Handing over).
struct ArtifactIntakeBook {
    /// Artifacts that are handed over at once; further senders wait.
    static let uploads = 8
    /// The time after which one of which no piece comes makes room for others, in milliseconds.
    static let idle = 30_000.0
    /// The part of the store that one sender fills at most: an eighth.
    static let share: Int64 = 8

    /// Treatment of a piece.
    enum Decision: Equatable {
        /// It is the first: the upload of this sender begins with it, in the place of one that it left.
        case begin
        /// It is the next.
        case append
        /// It came before, its answer was lost: the same answer.
        case again(Int64)
        /// It follows nothing.
        case restart
        /// There is no room for another upload now.
        case busy
        /// The sender has filled its share, in bytes.
        case share(Int64)
    }

    private struct Upload {
        var digest: ArtifactDigest
        var next: Int64
        var last: Int64
        var at: SteadyTime
    }

    private let bounds: ArtifactBounds
    private var open: [Token: Upload] = [:]
    private var used: [Token: [ArtifactDigest: Int64]] = [:]

    init(_ bounds: ArtifactBounds) { self.bounds = bounds }

    /// The bytes that a sender may fill.
    var shareOfOne: Int64 { max(bounds.maximumArtifactBytes, bounds.maximumBytes / Self.share) }

    /// Decides on a piece of an artifact that is not there yet.
    func decide(_ piece: ArtifactPiece, at now: SteadyTime) -> Decision {
        let upload = open[piece.sender]
        let end = piece.offset + Int64(piece.payload.count)
        if let upload, upload.digest == piece.digest {
            if piece.offset == upload.next { return .append }
            if piece.offset == upload.last, end == upload.next { return .again(upload.next) }
        }
        guard piece.offset == 0 else { return .restart }
        guard upload != nil || open.count < Self.uploads || stale(at: now) != nil else { return .busy }
        let held = (used[piece.sender] ?? [:]).reduce(Int64(0)) {
            $1.key == piece.digest ? $0 : $0.addingSaturated($1.value)
        }
        return held.addingSaturated(piece.total) <= shareOfOne ? .begin : .share(held)
    }

    /// The sender whose upload makes room for another; nil where all are in progress.
    func stale(at now: SteadyTime) -> Token? {
        guard let oldest = open.min(by: { $0.value.at < $1.value.at }),
            now.milliseconds(since: oldest.value.at) > Self.idle
        else { return nil }
        return oldest.key
    }

    /// Indicates whether another sender's upload must end before one begins.
    var isFull: Bool { open.count >= Self.uploads }

    /// A piece was stored.
    mutating func stored(_ piece: ArtifactPiece, at now: SteadyTime) {
        open[piece.sender] = Upload(
            digest: piece.digest, next: piece.offset + Int64(piece.payload.count), last: piece.offset, at: now)
    }

    /// The upload of a sender has ended.
    mutating func ended(_ sender: Token) { open[sender] = nil }

    /// An artifact is in the store.
    mutating func holds(_ info: ArtifactInfo) {
        guard let sender = info.sender else { return }
        used[sender, default: [:]][info.digest] = info.bytes
    }

    /// Counts again what each sender has in the store.
    mutating func count(_ artifacts: [ArtifactInfo]) {
        used = [:]
        for info in artifacts { holds(info) }
    }
}
