import NimmerBus
import NimmerCognition
import NimmerPlatform
import NimmerProcess
import NimmerSystem
import NimmerWave

/// The loop's state: the logic, who waits for what, and the timer.
struct OrganLoopState {
    private struct Caller {
        let message: BusMessage
        let began: SteadyTime
    }

    private let process: ServiceProcess
    private let settings: OrganSettings
    private let model: OrganModel
    private let rejects: RejectLimiter
    private let inbox: AsyncStream<OrganProcess.Event>.Continuation
    let organStatus: OrganStatus
    private var logic: OrganLogic
    private var callers: [MessageID: Caller] = [:]
    private var result: CommandResult?
    /// The model of its vectors, as the last answer to `embed` named it.
    private var embedding: JSON?
    private var timer: Task<Void, Never>?
    private var work: Task<Void, Never>?
    /// The work and the timer; ended with the loop.
    private let tasks = TaskOwner()

    init(
        _ process: ServiceProcess, _ settings: OrganSettings, _ model: OrganModel, _ rejects: RejectLimiter,
        _ inbox: AsyncStream<OrganProcess.Event>.Continuation
    ) {
        self.process = process
        self.settings = settings
        self.model = model
        self.rejects = rejects
        self.inbox = inbox
        logic = OrganLogic(
            warmMilliseconds: settings.warmMS, loadMilliseconds: settings.loadTimeoutMS,
            maximumQueue: settings.queue)
        organStatus = OrganStatus(logic, logic.status(of: settings))
    }

    /// Takes an event; false ends the loop.
    mutating func take(_ event: OrganProcess.Event) async -> Bool {
        // Requests wait for this long, not until a time of day that may be set.
        let now = SteadyTime.now()
        defer { organStatus.set(logic, status) }
        switch event {
        case .message(let message, let verb): receive(message, verb, at: now)
        case .loaded: perform(logic.loaded(at: now), at: now)
        case .loadFailed(let reason): perform(logic.loadFailed(reason, at: now), at: now)
        case .processed(let result, let isBroken):
            self.result = result
            if let name = result.result["embedding_model"] {
                embedding = ["embedding_model": name, "dimensions": result.result["dimensions"] ?? .null]
            }
            perform(logic.processed(isBroken: isBroken, at: now), at: now)
        case .unloaded: perform(logic.unloaded(at: now), at: now)
        case .tick: perform(logic.tick(at: now), at: now)
        case .stop:
            await tasks.end()
            let reason = "the organ is leaving"
            for (_, caller) in callers { answer(caller.message, CommandResult(status: .error, error: reason)) }
            return false
        }
        arm(at: now)
        return true
    }

    private mutating func receive(_ message: BusMessage, _ verb: String, at now: SteadyTime) {
        let settings = settings
        let read = requests.read(message) { (message) throws(Refusal) in
            let envelope = try Envelope<Command>(decoding: message.payload, on: message.subject)
            guard envelope.body.command == verb else {
                throw Refusal.wrong(
                    "body.command", "must be \(verb), by its subject", found: envelope.body.command)
            }
            let id = envelope.header.messageID
            return (
                envelope.body,
                try OrganRequest(verb, envelope.body.payload, maximumTokens: settings.maxTokens, id: id), id
            )
        }
        guard let (command, request, id) = read else { return }
        switch request {
        case .state: answer(message, CommandResult(status: .ok, result: status))
        case .release:
            answer(message, CommandResult(status: .ok))
            perform(logic.release(at: now), at: now)
        case .work(let work):
            guard callers[id] == nil else {
                return answer(message, CommandResult(status: .refused, error: "the request \(id) is here already"))
            }
            callers[id] = Caller(message: message, began: now)
            let deadline = now.advanced(milliseconds: Double(command.deadlineMilliseconds))
            perform(logic.receive(OrganJob(id: id, work: work, deadline: deadline), at: now), at: now)
        }
    }

    private mutating func perform(_ actions: [OrganLogic.Action], at now: SteadyTime) {
        let (model, inbox) = (model, inbox)
        for action in actions {
            switch action {
            case .load(let deadline):
                let end = instant(deadline, now)
                work = tasks.run {
                    do throws(OrganModel.Trouble) {
                        try await model.load(by: end)
                        inbox.yield(.loaded)
                    } catch { inbox.yield(.loadFailed(error.message)) }
                }
            case .process(let job):
                let end = instant(job.deadline, now)
                work = tasks.run {
                    do throws(OrganModel.Trouble) {
                        inbox.yield(.processed(try await model.perform(job.work, by: end), isBroken: false))
                    } catch {
                        inbox.yield(
                            .processed(CommandResult(status: .error, error: error.message), isBroken: error.isGone))
                    }
                }
            case .report(let job):
                finish(job, result ?? CommandResult(status: .error, error: "nothing came of it"))
                perform(logic.reported(at: .now()), at: .now())
            case .refuse(let job, let reason): finish(job, CommandResult(status: .error, error: reason))
            case .unload:
                work = tasks.run {
                    await model.unload()
                    inbox.yield(.unloaded)
                }
            }
        }
    }

    private mutating func finish(_ job: OrganJob, _ result: CommandResult) {
        guard let caller = callers.removeValue(forKey: job.id) else { return }
        answer(caller.message, result)
    }

    private func answer(_ message: BusMessage, _ result: CommandResult) {
        requests.reply(to: message, result)
    }

    private var status: JSON { logic.status(of: settings, embedding: embedding) }

    private var requests: RequestHandler { RequestHandler(process, rejects) }

    /// Wakes the logic when something is due by itself.
    private mutating func arm(at now: SteadyTime) {
        timer?.cancel()
        guard let next = logic.next else { return }
        let (end, inbox) = (instant(next, now), inbox)
        timer = tasks.run {
            guard (try? await Task.sleep(until: end)) != nil else { return }
            inbox.yield(.tick)
        }
    }

    private func instant(_ time: SteadyTime, _ now: SteadyTime) -> ContinuousClock.Instant {
        .now + max(.zero, time.duration(since: now))
    }
}
