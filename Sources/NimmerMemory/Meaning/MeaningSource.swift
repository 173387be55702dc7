import NimmerIris
import NimmerWave

/// Rows of long-term memory that wait to be remembered by their meaning (spec/iris.md, Memory by meaning).
///
/// A row waits from the commit that stored it until ``endMeanings(_:)``: who dies in between finds it again.
public protocol MeaningSource: Sendable {
    /// Lets every row that is stored from now on wait; of an environment whose model is new, the newest rows of each kind that are stored
    /// already and have no embedding of that model, too: at most ``PendingMeanings/backfill``.
    func beginMeanings(_ environment: Environment, model: EmbeddingModel) async throws(MemoryError)

    /// Ends that: nothing waits any more.
    func stopMeanings(_ environment: Environment) async throws(MemoryError)

    /// Rows that wait, the oldest first, at most so much.
    func pendingMeanings(_ environment: Environment, limit: Int) async throws(MemoryError) -> PendingMeanings

    /// These wait no more.
    ///
    /// - Parameter numbers: their ``PendingMeaning/number``.
    func endMeanings(_ numbers: [Int]) async throws(MemoryError)

    /// Follows a decision; see ``MemoryStore/trail(of:)``.
    func trail(of id: MessageID) async throws(MemoryError) -> MemoryTrail?
}

/// Rows that wait, and what became of others.
public struct PendingMeanings: Sendable, Hashable {
    /// Rows that wait at most, of all environments; beyond it the oldest are dropped and counted.
    public static let capacity = 100_000
    /// Rows of each kind that are taken up where a model is new.
    public static let backfill = 20_000

    /// The oldest of them.
    public var rows: [PendingMeaning]
    /// Number of rows that wait.
    public var waiting: Int
    /// Number of rows that were dropped since the model is in use.
    public var dropped: Int

    /// Rows that wait.
    public init(rows: [PendingMeaning] = [], waiting: Int = 0, dropped: Int = 0) {
        self.rows = rows
        self.waiting = waiting
        self.dropped = dropped
    }
}

/// A row that waits to be remembered by its meaning.
public struct PendingMeaning: Sendable, Hashable {
    /// Its place in the order of commits.
    public var number: Int
    /// Kind.
    public var kind: RememberedItem.Kind
    /// Key of the row: the collapse, the request of a decision, the message of an accepted outcome.
    public var id: MessageID
    /// The opening, of an outcome; nil of others.
    public var opening: MessageID?
    /// The result, of an outcome; nil of others.
    public var result: VerificationResult?
    /// Time of the outcome; nil of others.
    public var at: Timestamp?
    /// Time for which it has waited, in milliseconds.
    public var waitedMilliseconds: Double

    /// A row that waits.
    public init(
        number: Int, kind: RememberedItem.Kind, id: MessageID, opening: MessageID? = nil,
        result: VerificationResult? = nil, at: Timestamp? = nil, waitedMilliseconds: Double = 0
    ) {
        self.number = number
        self.kind = kind
        self.id = id
        self.opening = opening
        self.result = result
        self.at = at
        self.waitedMilliseconds = waitedMilliseconds
    }
}

extension PendingMeaning {
    /// Time for which a row waits for the rest of its trail, which comes through other streams, in milliseconds.
    public static let trailWait = 10_000.0

    /// The draft to be embedded; nil where the trail holds nothing of it.
    ///
    /// - Parameters:
    ///   - trail: the trail of its row; nil without one.
    ///   - isTrusted: whether a sender may speak as an origin.
    public func draft(
        _ trail: MemoryTrail?, in environment: Environment, isTrusted: (String, Token) -> Bool
    ) -> MeaningDraft? {
        guard let trail, trail.environment == environment, let region = MeaningText.region(of: trail),
            let text = MeaningText(trail, as: kind, result: result?.rawValue, isTrusted: isTrusted)
        else { return nil }
        let at: Timestamp? =
            switch kind {
            case .collapse, .summary: trail.collapse?.body.windowEnd
            case .decision: trail.response?.header.timestamp
            case .outcome: self.at
            }
        guard let at else { return nil }
        let opening = opening ?? trail.collapse?.body.transitionID ?? trail.transition?.header.messageID
        return MeaningDraft(id: id, kind: kind, region: region, opening: opening, at: at, text: text.text)
    }

    /// Indicates whether the trail still lacks what other streams may bring, and there is time left to wait for it.
    public func waits(for trail: MemoryTrail?) -> Bool {
        guard waitedMilliseconds < Self.trailWait else { return false }
        switch kind {
        case .collapse, .summary: return trail?.collapse == nil
        case .decision: return trail?.response == nil || trail?.collapse == nil
        case .outcome: return trail?.collapse == nil
        }
    }
}

/// Something to remember, before it has an embedding.
public struct MeaningDraft: Sendable, Hashable {
    /// The key.
    public var id: MessageID
    /// Kind.
    public var kind: RememberedItem.Kind
    /// The region.
    public var region: Region
    /// The opening that it belongs to.
    public var opening: MessageID?
    /// Time at which it happened.
    public var at: Timestamp
    /// The text.
    public var text: String

    /// Something to remember.
    public init(
        id: MessageID, kind: RememberedItem.Kind, region: Region, opening: MessageID?, at: Timestamp, text: String
    ) {
        self.id = id
        self.kind = kind
        self.region = region
        self.opening = opening
        self.at = at
        self.text = text
    }

    /// The item with its embedding.
    public func item(_ embedding: Embedding, model: EmbeddingModel, in environment: Environment) -> RememberedItem {
        RememberedItem(
            id: id, kind: kind, environment: environment, region: region, opening: opening, at: at, text: text,
            embedding: embedding, model: model)
    }
}
