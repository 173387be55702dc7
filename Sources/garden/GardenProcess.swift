import Logging
import NimmerBus
import NimmerGarden
import NimmerProcess
import NimmerSystem
import NimmerWave
import Synchronization

/// Wires the garden to the bus: waves on the delivery thread; what the real thalamus concluded and which outcomes count from their
/// streams, from where an earlier process left them. It publishes traces, and what it has counted into its own bucket.
final class GardenProcess: Sendable {
    private let process: ServiceProcess
    private let bus: any Bus
    private let env: Environment
    private let garden: Mutex<VirtualGarden>
    private let rejects: RejectLimiter
    private let store: GardenStore
    private let keeper: GardenKeeper
    /// Number of changes of what is kept.
    private let changes = Atomic<UInt64>(0)

    init(_ process: ServiceProcess, tracesPerSecond: Double) throws {
        self.process = process
        bus = process.bus
        env = process.environment
        guard let system = process.system else { throw ProcessFailure(.configuration, "no system file") }
        garden = Mutex(
            try VirtualGarden(
                system, environment: env, hasIdentities: process.bus.identity != nil,
                tracesPerSecond: tracesPerSecond, at: .now()))
        rejects = RejectLimiter(process)
        let store = GardenStore(process)
        self.store = store
        keeper = GardenKeeper { key, value in try await store.put(key, value) }
    }

    /// Lives until the process is asked to stop.
    func run() async throws {
        try await process.waiting(for: "the bucket of the garden") { [store] in try await store.open() }
        let kept = try await process.waiting(for: "what was counted") { [store] in try await store.read() }
        let found = try await process.waiting(for: "the streams") { [self] in try await ends() }
        let taken = garden.withLock { garden in
            let taken = garden.resume(kept, at: .now())
            // What was concluded before there was a garden concerns none of its variants.
            for (stream, end) in found where garden.places[stream] == nil { garden.read(stream, to: end) }
            return taken
        }
        if !taken.isEmpty {
            process.logger.info("Took up variants", metadata: ["variants": "\(taken.joined(separator: ", "))"])
        }
        let waves = try await bus.subscribe(.waves(env), queue: nil) { [self] subject, payload, arrival in
            receive(subject, payload, arrival)
        }
        let responder = try await bus.subscribe(shared: .request(env, cell: process.name)) { [self] _, _, arrival in
            RequestHandler(process, rejects).answer(arrival.message()) { command in answer(command) }
        }
        process.metrics.collect { [weak self] in self?.measure(lost: waves.lost, into: &$0) }
        process.answers.report { [weak self] in self?.statistics(lost: waves.lost) ?? ServiceResponder.Statistics() }
        process.health.started()
        process.logger.info("Hearing waves", metadata: ["variants": "\(garden.withLock { $0.variants.count })"])
        await withTaskGroup(of: Void.self) { group in
            for source in Source.allCases { group.addTask { await self.follow(source) } }
            group.addTask { await self.advance() }
            group.addTask { await self.keep { waves.lost } }
            await process.untilStopped()
            waves.cancel()
            responder.cancel()
            group.cancelAll()
        }
        let end = Timestamp.now()
        _ = await keeper.keep(garden.withLock { $0.snapshot }, at: end)
    }

    private func changed() { changes.add(1, ordering: .sequentiallyConsistent) }

    private func answer(_ command: Command) -> CommandResult {
        do throws(Refusal) {
            let result = try garden.withLock { (garden) throws(Refusal) in try garden.answer(command) }
            return CommandResult(status: .ok, result: result)
        } catch { return CommandResult(status: .refused, error: error.description) }
    }

    private func receive(_ subject: RawSpan, _ payload: RawSpan, _ arrival: Arrival) {
        publish(garden.withLock { $0.receive(subject: subject, payload: payload, arrival: arrival.at) })
    }

    /// Lets gates release, five times a second.
    private func advance() async {
        while (try? await Task.sleep(for: .milliseconds(200))) != nil {
            let (traces, hasReleased) = garden.withLock { garden in
                let before = garden.open
                return (garden.advance(), garden.open != before)
            }
            publish(traces)
            if hasReleased { changed() }
        }
    }

    private func publish(_ traces: [CorrelationEvent]) {
        guard !traces.isEmpty else { return }
        var source = process.source
        source.garden = .virtual
        for trace in traces {
            let message = Envelope(id: .v7(), at: .now(), from: source, trace)
            try? bus.publish(.correlation(env), payload: message.encoded())
        }
        if traces.contains(where: { $0.result == .opened }) { changed() }
    }

    // MARK: - What the real system concluded

    /// A stream that is followed.
    private enum Source: CaseIterable {
        case transitions, outcomes, feedback
    }

    private func stream(_ source: Source) -> (name: String, filter: SubjectPattern) {
        switch source {
        case .transitions: (SystemStreams.transitions(env), .transitions(env))
        case .outcomes: (SystemStreams.outcomes(env), .acceptedOutcomes(env))
        case .feedback: (SystemStreams.decisions(env), .outcomes(env))
        }
    }

    private func ends() async throws(BusError) -> [(String, UInt64)] {
        var ends: [(String, UInt64)] = []
        for source in Source.allCases {
            let name = stream(source).name
            do throws(BusError) {
                ends.append((name, try await bus.stream(name).lastSequence))
            } catch {
                // The thalamus makes its streams: where there is none yet, nothing was concluded before.
                guard error.code == .notFound else { throw error }
                ends.append((name, 0))
            }
        }
        return ends
    }

    private func follow(_ source: Source) async {
        let (name, filter) = stream(source)
        var trouble = ""
        while !Task.isCancelled {
            let start = (garden.withLock { $0.places[name] } ?? 0) + 1
            do throws(BusError) {
                let consumer = try await bus.consumer(
                    ConsumerConfiguration(
                        stream: name, durable: nil, filter: filter, start: .sequence(start), acknowledges: false))
                trouble = ""
                do throws(BusError) {
                    while !Task.isCancelled {
                        let batch = try await consumer.fetch(maximum: 100, wait: .seconds(5), linger: .zero)
                        for delivery in batch { take(delivery.message, source) }
                        guard let last = batch.last?.sequence else { continue }
                        garden.withLock { $0.read(name, to: last) }
                        changed()
                    }
                } catch {
                    await consumer.stop()
                    throw error
                }
                await consumer.stop()
            } catch {
                guard error.code != .cancelled, error.code != .closed else { return }
                if trouble != error.description {
                    // The thalamus makes its streams.
                    process.logger.log(
                        level: error.code == .notFound ? .debug : .warning,
                        "A stream cannot be read yet", metadata: ["stream": "\(name)", "reason": "\(error)"])
                }
                trouble = error.description
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    private func take(_ message: BusMessage, _ source: Source) {
        do throws(Refusal) {
            switch source {
            case .transitions:
                let transition = try Envelope<GateTransition>(decoding: message.payload, on: message.subject)
                garden.withLock { $0.take(transition.body, id: transition.header.messageID) }
            case .outcomes:
                let outcome = try Envelope<AcceptedOutcome>(decoding: message.payload, on: message.subject)
                garden.withLock { $0.take(outcome.body) }
            case .feedback:
                let outcome = try Envelope<VerificationOutcome>(decoding: message.payload, on: message.subject).body
                guard let feedback = outcome.feedbackToVirtual else { return }
                let sender = try Provenance(of: message.subject).authority(hasIdentities: bus.identity != nil)
                garden.withLock {
                    $0.take(
                        feedback, opening: outcome.originalSignalID, sender: sender?.text ?? outcome.verificationSource)
                }
            }
        } catch { rejects.reject(error, message) }
    }

    // MARK: - What outlives it

    /// Keeps once a second what was counted, where it has changed, and the moment until which nothing was missed.
    private func keep(_ lost: () -> UInt64) async {
        var hearing = Hearing(moment: .now(), lost: lost(), reconnects: bus.status.counters.reconnects)
        var written: UInt64 = 0
        var isFailing = false
        while (try? await Task.sleep(for: .seconds(1))) != nil {
            let status = bus.status
            let now = Hearing(moment: .now(), lost: lost(), reconnects: status.counters.reconnects)
            if !status.isConnected || now.lost != hearing.lost || now.reconnects != hearing.reconnects {
                garden.withLock { $0.missed(from: hearing.moment, until: now.moment) }
                changed()
            }
            hearing = now
            guard status.isConnected else { continue }
            let change = changes.load(ordering: .sequentiallyConsistent)
            let state = change == written ? nil : garden.withLock { $0.snapshot }
            if await keeper.keep(state, at: now.moment) {
                written = change
                isFailing = false
            } else if !isFailing {
                isFailing = true
                process.logger.warning(
                    "What was counted is not kept", metadata: ["reason": "\(keeper.trouble ?? "unknown")"])
            }
        }
    }

    /// State of hearing at a moment.
    private struct Hearing {
        var moment: Timestamp
        /// Waves that were lost so far.
        var lost: UInt64
        var reconnects: UInt64
    }

    // MARK: - Numbers

    private func measure(lost: UInt64, into page: inout MetricsPage) {
        let (waves, traces, reports) = garden.withLock { ($0.waves, $0.traces, $0.reports) }
        page.waves(in: waves, lost: Int(lost), rejected: rejects.count)
        let help = "Traces of the virtual garden: of openings, sampled ones, and those left out."
        for (kind, count) in [
            ("opening", traces.openings), ("sampled", traces.sampled), ("left_out", traces.leftOut),
        ] { page.counter("nimmer_garden_traces_total", help, count, ["kind": kind]) }
        for report in reports {
            for (kind, count) in [
                ("caught", report.own.caught), ("missed", report.own.missed), ("false", report.own.falseAlarms),
                ("unknown", report.own.unknown), ("avoided", report.own.avoided),
            ] {
                page.gauge(
                    "nimmer_garden_openings", "Openings of a variant, and what outcomes made of them.", Double(count),
                    ["variant": report.variant, "verdict": kind])
            }
        }
    }

    private func statistics(lost: UInt64) -> ServiceResponder.Statistics {
        let (waves, traces, variants) = garden.withLock { ($0.waves, $0.traces, $0.variants.count) }
        var statistics = ServiceResponder.Statistics()
        statistics.take(process.requestTimes)
        var data: JSONObject = [
            "waves_in": .number(Double(waves)), "waves_lost": .number(Double(lost)),
            "variants": .number(Double(variants)), "traces": .number(Double(traces.openings + traces.sampled)),
            "traces_left_out": .number(Double(traces.leftOut)),
        ]
        if let trouble = keeper.trouble { data["degraded"] = .string("what it counts is not kept: \(trouble)") }
        statistics.data = .object(data)
        return statistics
    }
}
