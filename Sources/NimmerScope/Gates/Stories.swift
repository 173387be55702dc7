import NimmerWave

/// Entries that belong together: the transition that opened a gate, the collapse, the request that it led to, and the
/// decision. They are found by the ids that the messages carry.
struct Stories: Sendable {
    /// The entries of one decision, each nil while it was not seen.
    struct Story: Sendable, Hashable {
        var transition: Int?
        var collapse: Int?
        var request: Int?
        var response: Int?
        /// The newest of them.
        var newest: Int { max(transition ?? -1, collapse ?? -1, request ?? -1, response ?? -1) }
    }

    private var stories: [MessageID: Story] = [:]
    private var requests: [MessageID: MessageID] = [:]
    private var transitions: [MessageID: Int] = [:]
    /// Decisions whose requests did not come yet, by the id of the request.
    private var earlyResponses: [MessageID: Int] = [:]

    static let maximum = 4096

    /// The story of a collapse.
    func story(of collapse: MessageID) -> Story? { stories[collapse] }

    /// The story of a request.
    func story(ofRequest request: MessageID) -> Story? { requests[request].flatMap { stories[$0] } }

    /// The story that a transition began.
    func story(ofTransition entry: Int) -> Story? { stories.values.first { $0.transition == entry } }

    /// The entry of a transition.
    func entry(ofTransition id: MessageID) -> Int? { transitions[id] }

    mutating func add(transition id: MessageID, entry: Int) {
        transitions[id] = entry
        if transitions.count > Self.maximum { transitions = transitions.filter { $0.value > entry - Self.maximum } }
    }

    mutating func add(_ collapse: Collapse, entry: Int) {
        stories[collapse.collapseID, default: Story()].collapse = entry
        stories[collapse.collapseID]?.transition = transitions[collapse.transitionID]
        bound()
    }

    mutating func add(_ request: CognitiveRequest, entry: Int) {
        stories[request.collapseID, default: Story()].request = entry
        requests[request.requestID] = request.collapseID
        if let response = earlyResponses.removeValue(forKey: request.requestID) {
            stories[request.collapseID]?.response = response
        }
        bound()
    }

    mutating func add(_ response: CognitiveResponse, entry: Int) {
        guard let collapse = requests[response.requestID] else {
            if earlyResponses.count >= Self.maximum { earlyResponses = [:] }
            earlyResponses[response.requestID] = entry
            return
        }
        stories[collapse]?.response = entry
    }

    /// Keeps the newer half when there are too many.
    private mutating func bound() {
        guard stories.count > Self.maximum else { return }
        let middle = stories.values.map(\.newest).sorted()[stories.count / 2]
        stories = stories.filter { $0.value.newest >= middle }
        requests = requests.filter { stories[$0.value] != nil }
    }
}

/// A question and its answer: what is drawn dashed (oscilloscope.md, The visual language).
struct Exchange: Sendable {
    let id: MessageID
    let from: Int64
    /// The time of the answer; while none came, that of the deadline, or `Int64.max` without one.
    var to: Int64
    /// Height at which it is drawn, 0…1.
    let value: Float
}
