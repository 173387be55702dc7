import Logging
import NimmerBus
import NimmerCognition
import NimmerProcess
import NimmerWave
import Synchronization

// The actions of the answer tracker and the scheduler.

/// Acknowledgement of a request: one message of one stream.
struct Receipt: Identifiable, Sendable {
    /// The message's place.
    struct ID: Hashable, Sendable {
        let stream: String
        let sequence: UInt64
    }

    let id: ID
    let delivery: Delivery

    init(_ delivery: Delivery, of stream: String) {
        id = ID(stream: stream, sequence: delivery.sequence)
        self.delivery = delivery.withoutPayload
    }
}

extension BridgeProcess {
    typealias TrackerAction = AnswerTracker<Receipt>.Action

    func perform(_ actions: [SchedulerAction]) async {
        var informing: [MessageID: [CognitiveRequest]] = [:]
        for case .inform(let request, let id) in actions { informing[id, default: []].append(request) }
        await withDiscardingTaskGroup { group in
            for action in actions {
                switch action {
                case .ask(let ask): put(ask)
                case .inform: break
                case .giveBack(let id):
                    let actions = answers.withLock { $0.givenBack(id) }
                    group.addTask { await self.perform(actions) }
                case .respond(let response, let merged):
                    let informing = informing[response.requestID] ?? []
                    let actions = answers.withLock {
                        $0.decided(response, merged: merged, informing: informing, at: .now())
                    }
                    group.addTask {
                        // Those that were merged are answered first.
                        if actions.count > 1 { await self.perform(Array(actions.dropLast())) }
                        await self.perform(Array(actions.suffix(1)))
                    }
                }
            }
        }
    }

    func perform(_ actions: [TrackerAction]) async {
        if actions.isEmpty { return }
        await withDiscardingTaskGroup { group in
            for action in actions { group.addTask { await self.perform(action) } }
        }
    }

    private func perform(_ first: TrackerAction) async {
        var next = [first]
        // What follows one by one is done in a loop: an outage may last for days.
        while let action = next.first, next.count == 1 { next = await step(action) }
        await perform(next)
    }

    private func step(_ action: TrackerAction) async -> [TrackerAction] {
        switch action {
        case .schedule(let request):
            await perform(scheduler.withLock { $0.arrive(request, at: $0.clock.read(.now())) })
        case .store(let response, let isRepeated):
            if !isRepeated { failPoint.passed(.decided) }
            return await trying(response.requestID, isRepeated) { () throws(BusError) in
                try await self.store(response)
            }
        case .read(let id, let sequence, let since, let isRepeated):
            return await trying(id, isRepeated) { () throws(BusError) in
                let found = try await self.response(to: id, at: sequence, since: since)
                self.note(found, for: id)
                return self.answers.withLock { $0.found(id, found) }
            }
        case .record(let id, let response):
            guard await acts.keep(response) else { return [] }
            failPoint.passed(.kept)
            return answers.withLock { $0.recorded(id) }
        case .begin(let id): acts.begin(id)
        case .inform(let request, let id, let isRepeated):
            return await trying(id, isRepeated) { () throws(BusError) in
                let message = Envelope(id: request.requestID, at: .now(), from: self.process.source, request)
                try await self.stores.storing { _ throws(BusError) in
                    try await self.bus.publishDurably(
                        shared: .cognitiveRequest(self.env), by: self.process.name, payload: message.encoded(),
                        id: self.names.id("told", request.requestID), timeout: .seconds(20))
                }
                return self.answers.withLock { $0.informed(request.requestID, after: id) }
            }
        case .acknowledge(let receipts):
            for receipt in receipts {
                try? receipt.delivery.ack()
                suspects.finished(receipt.id.sequence, of: receipt.id.stream)
            }
            failPoint.passed(.acknowledged)
        case .giveBack(let receipts):
            for receipt in receipts {
                try? receipt.delivery.nak(delay: .seconds(5))
                suspects.gaveBack(receipt.id.sequence, of: receipt.id.stream)
            }
        }
        return []
    }

    /// Does something that may fail for a request, after a pause where it has failed before.
    ///
    /// - Returns: what follows; nothing when the process stops before that is known.
    private func trying(
        _ id: MessageID, _ isRepeated: Bool, _ body: () async throws(BusError) -> [TrackerAction]
    ) async -> [TrackerAction] {
        if isRepeated { try? await Task.sleep(for: .seconds(1)) }
        guard !Task.isCancelled else { return [] }
        do throws(BusError) {
            return try await body()
        } catch {
            guard !Task.isCancelled else { return [] }
            process.logger.warning("Publishing again", metadata: ["reason": "\(error)"])
            return answers.withLock { $0.failed(id, at: .now()) }
        }
    }

    private func store(_ response: CognitiveResponse) async throws(BusError) -> [TrackerAction] {
        let id = names.id("response", response.requestID)
        let message = Envelope(id: id, at: .now(), from: process.source, response)
        let ack = try await stores.storing { _ throws(BusError) in
            try await bus.publishDurably(
                .cognitiveResponse(env), payload: message.encoded(), id: id, timeout: .seconds(20))
        }
        try await publishOpinion(response)
        failPoint.passed(.answered)
        counters.withLock { $0.answered += 1 }
        process.requestTimes.add(.milliseconds(saturating: response.processingTimeMilliseconds))
        return answers.withLock { $0.stored(response.requestID, ack.isDuplicate ? .repeated(ack.sequence) : .first) }
    }

    /// Reads the stream's response to a request: at a sequence, or else among what was stored since a moment.
    private func response(
        to id: MessageID, at sequence: UInt64?, since: Timestamp
    ) async throws(BusError) -> CognitiveResponse? {
        func read(_ stored: StoredMessage?) -> CognitiveResponse? {
            guard let stored,
                let response = try? Envelope<CognitiveResponse>(
                    decoding: stored.message.payload, on: stored.message.subject
                ).body,
                response.requestID == id
            else { return nil }
            return response
        }
        let stream = SystemStreams.decisions(env)
        if let sequence, let found = read(try await bus.message(stream: stream, sequence: sequence)) { return found }
        // The server's clock is another.
        let start = since.advanced(milliseconds: -3_600_000)
        return try await bus.read(
            stream: stream, filter: SubjectPattern(.cognitiveResponse(env)), start: .at(start)
        ).lazy.compactMap(read).first
    }

    private func note(_ found: CognitiveResponse?, for id: MessageID) {
        process.logger.info(
            "The stream already holds a response to a request",
            metadata: ["request": "\(id)", "decision": "\(found?.decision ?? "none")"])
    }
}
