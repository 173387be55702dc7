import NimmerBus
import NimmerSystem
import NimmerWave
import Synchronization

extension CellHost {
    /// Subscribes to requests, inputs and the waves that the cell hears.
    func subscribe() async throws -> [any Subscription] {
        let process = process
        var subscriptions: [any Subscription] = []
        if !C.manifest.commands.isEmpty {
            let semaphore = RequestSemaphore(limit: process.configuration.requestLimit)
            subscriptions.append(
                try await process.bus.subscribe(
                    shared: .request(process.environment, cell: identity.name), queue: identity.name
                ) { _, _, arrival in
                    self.receive(request: arrival.message(), at: arrival.at, semaphore)
                })
        }
        let (inputs, hears) = try withBody { (try $0.cell.inputs(in: process.environment), $0.hears) }
        if isPlayed { subscriptions.append(try await subscribeToRecording()) }
        for pattern in inputs where !isPlayed {
            subscriptions.append(
                try await process.bus.subscribe(pattern, queue: identity.name) { _, _, arrival in
                    self.receive(input: arrival.message(), at: arrival.at)
                })
        }
        for cell in hears {
            let pattern = try SubjectPattern("\(process.environment.rawValue).nervous.*.\(cell).wave")
            subscriptions.append(
                try await process.bus.subscribe(pattern) { _, _, arrival in
                    self.receive(wave: arrival.message(), of: cell, at: arrival.at)
                })
        }
        for region in process.system?.organism(identity.name.text)?.verifies ?? [] where C.role == .nerve {
            let subject = Subject.transition(process.environment, gate: GateID(region: region))
            subscriptions.append(
                try await process.bus.subscribe(SubjectPattern(subject)) { _, _, arrival in
                    let message = arrival.message()
                    guard
                        let transition = try? Envelope<GateTransition>(
                            decoding: message.payload, on: message.subject),
                        let opening = HeardOpening(transition)
                    else { return }
                    self.act(.arrival(arrival.at)) { body, now in body.opened(opening, at: now) }
                })
        }
        return subscriptions + (try await subscribeToFood())
    }

    /// An outcome is kept until the stream acknowledges it: what a cell has seen is true later, too.
    func report(_ outcome: VerificationOutcome, _ gate: GateID) {
        let id = MessageID.v7()
        let message = Envelope(id: id, at: .now(), from: process.source, outcome)
        let subject = Subject.feedback(process.environment, gate: gate).from(process.bus.identity ?? identity.name)
        outbox.send(subject, payload: message.encoded(), id: id)
    }

    private func receive(input message: BusMessage, at moment: Timestamp) {
        var refusal: Refusal?
        act(.arrival(moment)) { body, now in
            let outcome = body.receive(message, at: now)
            refusal = outcome.refusal
            return outcome.pulse
        }
        if let refusal { rejects.reject(refusal, message) }
    }

    private func receive(wave message: BusMessage, of cell: Token, at moment: Timestamp) {
        do throws(Refusal) {
            let wave = try Envelope<WaveSignal>(decoding: message.payload, on: message.subject)
            if let origin = wave.body.origin, !grants.permits(cell.text, as: origin.text) {
                throw grants.refusal(of: cell.text, as: origin.text)
            }
            hear(wave, of: cell, at: moment)
        } catch {
            countRejected()
            rejects.reject(error, message)
        }
    }

    private func receive(request message: BusMessage, at moment: Timestamp, _ semaphore: RequestSemaphore) {
        let begun = ContinuousClock.now
        let names = C.manifest.commands.map(\.name)
        let read = requests.read(message) { (message) throws(Refusal) in
            try Command(request: message.payload, on: message.subject, commands: names)
        }
        // Before anything that waits for the cell: a client that asks a blocked one learns that it is.
        if let running = waitForCall() {
            // What was refused has its answer.
            guard read != nil else { return }
            return respond(to: message, CommandResult(status: .error, error: blockage(running)))
        }
        guard let command = read else { return countRejected() }
        guard semaphore.take() else {
            let limit = semaphore.limit
            respond(
                to: message,
                CommandResult(status: .error, error: "\(identity.name) is busy with \(limit) requests; try again"))
            return
        }
        var answer = Answer.failed("")
        act(.arrival(moment)) { body, now in
            let outcome = body.perform(command, at: now)
            answer = outcome.answer
            return outcome.pulse
        }
        finish(answer, for: command, message, semaphore, since: begun)
    }

    private func finish(
        _ answer: Answer, for command: Command, _ message: BusMessage, _ semaphore: RequestSemaphore,
        since begun: ContinuousClock.Instant
    ) {
        guard case .later(let name, let work) = answer else {
            semaphore.release()
            conclude(message, CommandResult(answer), since: begun)
            return
        }
        let isTaken = enqueue {
            let outcome = await Self.within(milliseconds: command.deadlineMilliseconds, work)
            var answer = Answer.failed("")
            self.act { body, now in
                let finished = body.finished(name, outcome, at: now)
                answer = finished.answer
                return finished.pulse
            }
            semaphore.release()
            self.conclude(message, CommandResult(answer), since: begun)
        }
        if !isTaken {
            semaphore.release()
            respond(to: message, CommandResult(status: .error, error: "\(identity.name) is busy; try again"))
        }
    }

    /// Returns the result of work in time, or the refusal that the deadline passed; the work is cancelled then.
    static func within(
        milliseconds: Int, _ work: @escaping @Sendable () async throws -> JSON
    ) async -> Result<JSON, any Error> {
        await withTaskGroup(of: Result<JSON, any Error>?.self) { group in
            group.addTask {
                do { return .success(try await work()) } catch { return .failure(error) }
            }
            group.addTask {
                do { try await Task.sleep(for: .milliseconds(milliseconds)) } catch { return nil }
                return .failure(DeadlineExceeded(milliseconds: milliseconds))
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first ?? .failure(CancellationError())
        }
    }

    private func conclude(_ message: BusMessage, _ result: CommandResult, since begun: ContinuousClock.Instant) {
        process.requestTimes.add(begun.duration(to: .now), result)
        respond(to: message, result)
    }

    /// An answer goes to who asked; without a place to answer, to the cell's response subject.
    func respond(to message: BusMessage, _ result: CommandResult) {
        requests.reply(to: message, result)
    }

    /// Sends a command to another cell, and hands the cell the answer.
    func ask(_ command: Command, _ cell: Token) async {
        let result = await process.ask(command, cell: cell)
        act { $0.answered(command, by: cell, result, at: $1) }
    }
}

/// Work took longer than its command allowed.
public struct DeadlineExceeded: Error, Hashable, CustomStringConvertible {
    /// Time that it was allowed to take.
    public var milliseconds: Int

    /// A one-line description.
    public var description: String { "the deadline of \(milliseconds) ms was exceeded" }
}

/// Semaphore that bounds the requests in progress.
final class RequestSemaphore: Sendable {
    let limit: Int
    private let taken = Mutex(0)

    init(limit: Int) { self.limit = limit }

    func take() -> Bool {
        taken.withLock { taken in
            guard taken < limit else { return false }
            taken += 1
            return true
        }
    }

    func release() { taken.withLock { $0 -= 1 } }
}

extension CommandResult {
    package init(_ answer: Answer) {
        switch answer {
        case .done(let result): self.init(status: .ok, result: result)
        case .refused(let reason): self.init(status: .refused, error: String(reason.prefix(1000)))
        case .failed(let reason): self.init(status: .error, error: String(reason.prefix(1000)))
        case .later(let name, _): self.init(status: .error, error: "\(name) answered with more work")
        }
    }
}

extension Command {
    /// A request as it came: the whole message of protocol.md, or, for a person with a plain NATS client, just the payload
    /// of the only command that a cell has.
    init(request bytes: [UInt8], on subject: Subject, commands: [String]) throws(Refusal) {
        if commands.count == 1, let only = commands.first, bytes.count <= Wire.maximumBytes,
            case .object(let object)? = try? JSON(parsing: bytes), object["header"] == nil
        {
            self.init(command: only, payload: .raw(bytes))
            return
        }
        self = try Envelope<Command>(decoding: bytes, on: subject).body
    }
}
