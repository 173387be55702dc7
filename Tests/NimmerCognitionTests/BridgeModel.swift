import NimmerBus
import NimmerCognition
import NimmerSystem
import NimmerWave

/// A bridge, its streams, its bucket, a mind and a motor: everything that can happen to one request, one step at a time. What decides
/// are the production values (scheduler, book of answers, record of acts and its writing); the model performs what they ask for, and
/// loses, repeats and kills.
struct BridgeModel {
    struct Receipt: Identifiable, Sendable, Hashable { var id: Int }

    /// Harm that may still be done.
    struct Budget: Hashable {
        var losses = 2
        var crashes = 1
        var redeliveries = 1
    }

    /// How something that was asked of a server or a motor ends.
    enum Ending: Hashable, CaseIterable {
        /// Done, and its answer is heard.
        case done
        /// Done, and its answer is lost.
        case unheard
        /// Lost before it was done.
        case lost
    }

    enum Step: Hashable {
        case deliver
        case crash
        /// The oldest, or a younger, of what is under way ends.
        case end(Int, Ending)
    }

    /// Something under way.
    private enum Work: Hashable {
        case asking
        case storing(CognitiveResponse)
        case reading
        case acknowledging
        case writing(RecordWrite, RecordWrite.Step, Purpose)
        case commanding(ActRecord, Int)
    }

    /// What the writing of a record is for.
    private enum Purpose: Hashable {
        case keeping(ActRecord)
        case before(ActRecord, Int)
        case after(ActRecord)
    }

    /// What a process has in memory.
    private struct BridgeRun {
        var name: String
        var book = AnswerTracker<Receipt>()
        var scheduler: Scheduler
        var works: [Work] = []
        var kept: (record: ActRecord, revision: UInt64)?
        var isCarrying = false
        var isKnown = false
    }

    private static let request = Sample.request("model", expiresIn: 3_600_000)
    private static let settings = Sample.bridge([Sample.mind()]) {
        $0.commands = .act
        $0.allow = [Sample.turn]
    }

    private(set) var budget: Budget
    private(set) var isAcknowledged = false
    /// Responses that the stream holds; it drops repetitions of their id.
    private(set) var responses: [CognitiveResponse] = []
    /// The commands that the motor was given, by the question that they answer.
    private(set) var commanded: [Int] = []
    /// How often the mind was asked, and at which of these the process died before its answer was stored.
    private(set) var asked = 0
    private var lives = 1
    private var delivered = 0
    private var value: (revision: UInt64, bytes: [UInt8])?
    private var life: BridgeRun

    init(_ budget: Budget = Budget()) {
        self.budget = budget
        life = BridgeRun(name: "life 1", scheduler: Scheduler(Self.settings))
    }

    // MARK: - What must hold

    /// What is wrong; nil while nothing is.
    var fault: String? {
        if responses.count > 1 { return "two responses are stored" }
        if asked > lives { return "the mind was asked \(asked) times by \(lives) lives" }
        let decided = responses.first.map(Self.angles) ?? []
        if commanded != Array(decided.prefix(commanded.count)) {
            return "commanded \(commanded), but decided \(decided)"
        }
        return nil
    }

    /// What is missing once nothing is under way and nothing more can be delivered; nil when nothing is.
    var gap: String? {
        if !isAcknowledged { return "the request is not acknowledged" }
        if responses.isEmpty { return "there is no response" }
        guard let value, let record = (try? JSON(parsing: value.bytes)).flatMap(ActRecord.init) else {
            return "there is no record of the commands"
        }
        return record.state.isFinal ? nil : "the record says \(record.state)"
    }

    private static func angles(_ response: CognitiveResponse) -> [Int] {
        response.downstreamCommands.map { $0.payload["angle"]?.int ?? -1 }
    }

    // MARK: - What can happen

    var steps: [Step] {
        var steps: [Step] = []
        // The stream delivers what is not acknowledged again and again; while something is under way, as often as the budget says.
        if !isAcknowledged, life.works.isEmpty || delivered < lives || budget.redeliveries > 0 {
            steps.append(.deliver)
        }
        for place in life.works.indices {
            steps.append(.end(place, .done))
            if case .asking = life.works[place] { continue }
            if budget.losses > 0 { steps += [.end(place, .unheard), .end(place, .lost)] }
        }
        if budget.crashes > 0 { steps.append(.crash) }
        return steps
    }

    mutating func take(_ step: Step) {
        switch step {
        case .deliver:
            if delivered >= lives, !life.works.isEmpty { budget.redeliveries -= 1 }
            delivered = min(lives, delivered + 1)
            perform(life.book.arrive(Self.request, Receipt(id: 1)))
        case .crash:
            budget.crashes -= 1
            lives += 1
            begin()
        case .end(let place, let ending):
            if ending != .done { budget.losses -= 1 }
            end(life.works.remove(at: place), ending)
        }
    }

    /// A new life takes up what the streams and the bucket hold, as `BridgeProcess` does.
    private mutating func begin() {
        life = BridgeRun(name: "life \(lives)", scheduler: Scheduler(Self.settings))
        if let value, let record = (try? JSON(parsing: value.bytes)).flatMap(ActRecord.init) {
            life.isKnown = true
            life.kept = (record, value.revision)
            carryOut()
        }
        if let response = responses.first {
            life.book.recall(response)
            keep(response)
        }
    }

    private mutating func end(_ work: Work, _ ending: Ending) {
        let id = Self.request.requestID
        switch work {
        case .asking:
            let command = DownstreamCommand(
                target: "motor", command: "turn", payload: ["angle": .number(Double(asked))])
            let again = DownstreamCommand(target: "motor", command: "turn", payload: ["angle": .number(Double(asked))])
            let outcome = Sample.valid(commands: [command, again])
            let next = life.scheduler.finished(id, outcome, at: Sample.now)
            for case .respond(let response, let merged) in next {
                perform(life.book.decided(response, merged: merged, at: Sample.now))
            }
        case .storing(let response):
            let isRepeated = !responses.isEmpty
            if ending != .lost, !isRepeated { responses.append(response) }
            perform(
                ending == .done
                    ? life.book.stored(id, isRepeated ? .repeated(1) : .first) : life.book.failed(id, at: Sample.now))
        case .reading:
            perform(
                ending == .done ? life.book.found(id, responses.first) : life.book.failed(id, at: Sample.now))
        case .acknowledging: if ending != .lost { isAcknowledged = true }
        case .writing(let write, let step, let purpose): end(write, step, purpose, ending)
        case .commanding(let record, _):
            var record = record
            if ending != .lost { commanded.append(commandedAngle(record)) }
            record.ended(CommandResult(status: ending == .done ? .ok : .error), at: Sample.now)
            write(record, .after(record))
        }
    }

    private func commandedAngle(_ record: ActRecord) -> Int {
        record.commands[record.results.count].payload["angle"]?.int ?? -1
    }

    // MARK: - The record of acts

    private mutating func keep(_ response: CognitiveResponse) {
        guard var record = ActRecord(response, at: Sample.now), !life.isKnown else {
            return perform(life.book.recorded(response.requestID))
        }
        record.writer = life.name
        let write = RecordWrite(record.json.bytes, over: 0)
        life.works.append(.writing(write, write.first, .keeping(record)))
    }

    private mutating func write(_ record: ActRecord, _ purpose: Purpose) {
        guard let kept = life.kept else { return life.isCarrying = false }
        var record = record
        record.writer = life.name
        let write = RecordWrite(record.json.bytes, over: kept.revision)
        life.works.append(.writing(write, write.first, purpose))
    }

    private mutating func end(_ write: RecordWrite, _ step: RecordWrite.Step, _ purpose: Purpose, _ ending: Ending) {
        var next = step
        switch step {
        case .write(let revision):
            let isFree = (value?.revision ?? 0) == revision
            if ending != .lost, isFree { value = ((value?.revision ?? 0) + 1, write.bytes) }
            next = ending == .done && isFree ? write.wrote(value?.revision ?? 0) : write.failed()
        case .read:
            next = ending == .done ? write.found(revision: value?.revision ?? 0, bytes: value?.bytes) : write.failed()
        case .stored, .overtaken: break
        }
        switch next {
        case .write, .read: life.works.append(.writing(write, next, purpose))
        case .stored(let revision): written(purpose, revision)
        case .overtaken:
            if case .keeping(let record) = purpose { return perform(life.book.recorded(record.decision)) }
            life.kept = nil
            life.isCarrying = false
        }
    }

    private mutating func written(_ purpose: Purpose, _ revision: UInt64) {
        switch purpose {
        case .keeping(let record):
            life.kept = (record, revision)
            life.isKnown = true
            perform(life.book.recorded(record.decision))
            // Of a response that was found at the start no request is in hand.
            if life.book.stage(of: record.decision) == nil { carryOut() }
        case .before(let record, let place):
            life.kept = (record, revision)
            life.works.append(.commanding(record, place))
        case .after(let record):
            life.kept = (record, revision)
            life.isCarrying = false
            carryOut()
        }
    }

    private mutating func carryOut() {
        guard !life.isCarrying, var record = life.kept?.record else { return }
        switch record.next(at: Sample.now) {
        case .wait, .none: return
        case .finish:
            life.isCarrying = true
            write(record, .after(record))
        case .send(let place):
            life.isCarrying = true
            write(record, .before(record, place))
        }
    }

    // MARK: - The book of answers

    private mutating func perform(_ actions: [AnswerTracker<Receipt>.Action]) {
        for action in actions {
            switch action {
            case .schedule(let request):
                for case .ask in life.scheduler.arrive(request, at: Sample.now) {
                    asked += 1
                    life.works.append(.asking)
                }
            case .store(let response, _): life.works.append(.storing(response))
            case .read: life.works.append(.reading)
            case .record(_, let response): keep(response)
            case .begin: carryOut()
            case .acknowledge: life.works.append(.acknowledging)
            case .inform, .giveBack: break
            }
        }
    }

    /// What tells two states apart.
    var fingerprint: String {
        let stage = life.book.stage(of: Self.request.requestID).map { "\($0)" } ?? "-"
        let kept = life.kept.map { "\($0.record.state) \($0.record.results.count) \($0.revision)" } ?? "-"
        return """
            \(budget) \(isAcknowledged) \(responses.map(Self.angles)) \(commanded) \(asked) \(lives) \(delivered) \
            \(value.map { "\($0.revision) \(String(decoding: $0.bytes, as: UTF8.self))" } ?? "-") \(stage) \
            \(life.book.isAnswered(Self.request.requestID)) \(life.works) \(kept) \(life.isCarrying) \(life.isKnown)
            """
    }
}
