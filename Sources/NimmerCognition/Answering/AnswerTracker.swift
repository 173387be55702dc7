import NimmerWave

/// State of each request between its delivery and its acknowledgement, as a value: one response for each request, and the
/// commands of none but the response that the stream holds.
///
/// A request that was taken is *asked*; its response is *stored*; where the stream already holds a response to this request
/// that one is *read* and counts instead; the record of its commands is kept; the request that informs minds of it is stored;
/// only then is the request acknowledged (protocol.md, What an acknowledgement means). A request that is delivered again meanwhile
/// only replaces the receipt by which it will be acknowledged. Every method returns the actions to perform, in any order; each
/// action names the method that takes its outcome; a failure goes to ``failed(_:at:)``.
///
/// A receipt is what acknowledges one stored message; its id is that message's place in its stream. A request may be held under
/// several: two streams may carry it.
public struct AnswerTracker<Receipt: Identifiable & Sendable>: Sendable where Receipt.ID: Sendable {
    /// Stage of a request.
    public enum Stage: Sendable, Hashable {
        /// In the hands of the scheduler. Can go to ``storing(_:)``, or leaves by ``AnswerTracker/givenBack(_:)``.
        case asking
        /// A response is made; whether the stream holds it is not known. Can go to ``reading(_:isHeld:)`` or ``recording(_:)``.
        case storing(CognitiveResponse)
        /// The stream may hold another response (`isHeld`: it answered so). Can go to ``recording(_:)`` or, where it holds none,
        /// ``storing(_:)``.
        case reading(CognitiveResponse, isHeld: Bool)
        /// The stream holds this response; the record of its commands is being kept. Can go to ``informing(_:)``, or is done.
        case recording(CognitiveResponse)
        /// Minds are being informed of a reflex; then it is done.
        case informing(CognitiveResponse?)
    }

    /// Action to perform.
    public enum Action: Sendable {
        /// Give it to the scheduler; its decision goes to ``AnswerTracker/decided(_:merged:informing:at:)``.
        case schedule(CognitiveRequest)
        /// Store a response under an id that is the same on every retry: ``AnswerTracker/stored(_:_:)``.
        case store(CognitiveResponse, isRepeated: Bool)
        /// Read what the stream holds for a request, at a sequence where one is known, else among what was stored since a moment:
        /// ``AnswerTracker/found(_:_:)``.
        case read(MessageID, sequence: UInt64?, since: Timestamp, isRepeated: Bool)
        /// Keep the record of the commands of the response that the stream holds for a request: ``AnswerTracker/recorded(_:)``.
        case record(MessageID, CognitiveResponse)
        /// The commands of the response to this request may leave.
        case begin(MessageID)
        /// Store a request that informs minds of what a reflex did about another: ``AnswerTracker/informed(_:after:)``.
        case inform(CognitiveRequest, after: MessageID, isRepeated: Bool)
        /// Done.
        case acknowledge([Receipt])
        /// Not now.
        case giveBack([Receipt])
    }

    /// Result of storing a response in the stream.
    public enum Storing: Sendable, Hashable {
        /// It holds it now.
        case first
        /// It held one under this id already, at this sequence.
        case repeated(UInt64)
    }

    private struct Entry: Sendable {
        var stage = Stage.asking
        var receipts: [Receipt.ID: Receipt] = [:]
        var informing: [CognitiveRequest] = []
        /// Time of the first attempt to store.
        var since = Timestamp(nanoseconds: 0)
        var sequence: UInt64?
    }

    /// Time for which a repetition is trusted to be dropped by the stream, in milliseconds; after that, what the stream holds is
    /// read before a response is stored again. Half of the stream's window.
    public static var trustedMilliseconds: Double { 1_800_000 }

    private var entries: [MessageID: Entry] = [:]
    private var answered = AnsweredRequests()
    /// Deliveries of requests that were in progress or answered already.
    public private(set) var repeated = 0

    /// Nothing in progress, nothing known.
    public init() {}

    /// Requests in progress.
    public var held: Int { entries.count }
    /// Receipts that acknowledge the requests in progress.
    public var receipts: [Receipt] { entries.values.flatMap { $0.receipts.values } }
    /// Stage of a request; nil: not in progress.
    public func stage(of request: MessageID) -> Stage? { entries[request]?.stage }
    /// Returns whether a request was answered, as far as is known here.
    public func isAnswered(_ request: MessageID) -> Bool { answered.contains(request) }

    /// A response was found in the stream at the start.
    public mutating func recall(_ response: CognitiveResponse) { answered.insert(response.requestID) }

    /// A request was delivered.
    ///
    /// - Parameter informing: the requests that inform minds if a reflex has answered it: an earlier run may have died before.
    public mutating func arrive(
        _ request: CognitiveRequest, _ receipt: Receipt, informing: [CognitiveRequest] = []
    ) -> [Action] {
        let id = request.requestID
        if entries[id] != nil {
            repeated += 1
            entries[id]?.receipts[receipt.id] = receipt
            return []
        }
        var entry = Entry()
        entry.receipts[receipt.id] = receipt
        if answered.contains(id) {
            repeated += 1
            guard !informing.isEmpty else { return [.acknowledge([receipt])] }
            entry.stage = .informing(nil)
            entry.informing = informing
            entries[id] = entry
            return informing.map { .inform($0, after: id, isRepeated: false) }
        }
        entries[id] = entry
        return [.schedule(request)]
    }

    /// The scheduler has no room: the stream keeps the request for later.
    public mutating func givenBack(_ id: MessageID) -> [Action] {
        guard case .asking = entries[id]?.stage, let entry = entries.removeValue(forKey: id) else { return [] }
        return [.giveBack(Array(entry.receipts.values))]
    }

    /// A response was made.
    ///
    /// - Parameters:
    ///   - merged: requests that were merged into this one; their responses are made here. Their actions come first.
    ///   - informing: the requests that inform minds after it.
    public mutating func decided(
        _ response: CognitiveResponse, merged: [MessageID] = [], informing: [CognitiveRequest] = [], at now: Timestamp
    ) -> [Action] {
        var actions: [Action] = []
        for id in merged { actions += decided(Scheduler.merged(id, into: response.requestID), at: now) }
        guard case .asking = entries[response.requestID]?.stage else { return actions }
        entries[response.requestID]?.stage = .storing(response)
        entries[response.requestID]?.informing = informing
        entries[response.requestID]?.since = now
        return actions + [.store(response, isRepeated: false)]
    }

    /// The stream has acknowledged a response.
    public mutating func stored(_ id: MessageID, _ storing: Storing) -> [Action] {
        guard case .storing(let response) = entries[id]?.stage else { return [] }
        switch storing {
        case .first: return record(id, response)
        case .repeated(let sequence):
            entries[id]?.stage = .reading(response, isHeld: true)
            entries[id]?.sequence = sequence
            return again(id, isRepeated: false)
        }
    }

    /// Handles what the stream holds for a request; nil: it holds nothing.
    public mutating func found(_ id: MessageID, _ response: CognitiveResponse?) -> [Action] {
        guard case .reading(let own, let isHeld) = entries[id]?.stage else { return [] }
        if let response { return record(id, response) }
        if isHeld {
            // It was there and cannot be read any more: its commands are unknown, so none may leave from here.
            entries[id]?.informing = []
            return close(id)
        }
        entries[id]?.stage = .storing(own)
        return [.store(own, isRepeated: true)]
    }

    /// The record of a response's commands is kept, or it needs none.
    public mutating func recorded(_ id: MessageID) -> [Action] {
        guard case .recording(let response) = entries[id]?.stage else { return [] }
        // The information is about the commands of this bridge's own response.
        if response.record?.isReflex != true { entries[id]?.informing = [] }
        guard let informing = entries[id]?.informing, !informing.isEmpty else { return close(id) + [.begin(id)] }
        entries[id]?.stage = .informing(response)
        return [.begin(id)] + again(id, isRepeated: false)
    }

    /// The stream holds a request that informs minds.
    public mutating func informed(_ request: MessageID, after id: MessageID) -> [Action] {
        guard case .informing = entries[id]?.stage else { return [] }
        entries[id]?.informing.removeAll { $0.requestID == request }
        return entries[id]?.informing.isEmpty == true ? close(id) : []
    }

    /// Handles an action for a request that failed, or whose result is unknown: it is repeated, after a pause that is the
    /// caller's.
    public mutating func failed(_ id: MessageID, at now: Timestamp) -> [Action] {
        guard let entry = entries[id] else { return [] }
        if case .storing(let response) = entry.stage,
            now.milliseconds(since: entry.since) > Self.trustedMilliseconds
        {
            entries[id]?.stage = .reading(response, isHeld: false)
        }
        return again(id, isRepeated: true)
    }

    private func again(_ id: MessageID, isRepeated: Bool) -> [Action] {
        guard let entry = entries[id] else { return [] }
        switch entry.stage {
        case .asking: return []
        case .storing(let response): return [.store(response, isRepeated: isRepeated)]
        case .reading:
            return [.read(id, sequence: entry.sequence, since: entry.since, isRepeated: isRepeated)]
        case .recording(let response): return [.record(id, response)]
        case .informing: return entry.informing.map { .inform($0, after: id, isRepeated: isRepeated) }
        }
    }

    private mutating func record(_ id: MessageID, _ response: CognitiveResponse) -> [Action] {
        entries[id]?.stage = .recording(response)
        return again(id, isRepeated: false)
    }

    private mutating func close(_ id: MessageID) -> [Action] {
        answered.insert(id)
        guard let entry = entries.removeValue(forKey: id) else { return [] }
        return [.acknowledge(Array(entry.receipts.values))]
    }
}
