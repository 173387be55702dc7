import NimmerBus
import NimmerInspection
import NimmerOutput
import NimmerPlatform
import NimmerScope
import NimmerWave
import Synchronization

/// Brings into a mailbox what a bus receives: messages, the state of the connection, and the thalamus's reports of its gates.
package final class LiveSource: Sendable {
    private let bus: any Bus
    private let environment: Environment
    private let mailbox: Mailbox
    private let subscriptions = Mutex<[any Subscription]>([])
    /// The server that it was last connected to.
    private let server = Mutex("the server")
    private let tasks = TaskOwner()

    package init(_ bus: any Bus, _ environment: Environment, _ mailbox: Mailbox) {
        self.bus = bus
        self.environment = environment
        self.mailbox = mailbox
    }

    /// Subscribes: what is published from now on is heard, except for what is to be ignored.
    package func listen(_ patterns: [SubjectPattern], ignoring ignored: [SubjectPattern]) async throws(BusError) {
        for pattern in patterns {
            let subjects = Mutex(SubjectTable(ignored))
            let mailbox = mailbox
            let subscription = try await bus.subscribe(pattern) { subject, payload, arrival in
                guard let name = subjects.withLock({ $0.name(of: subject) }) else { return }
                mailbox.post(
                    subject: name, payload: payload.withUnsafeBytes { Array($0) }, arrival: arrival.at)
            }
            subscription.onEnd { mailbox.end() }
            subscriptions.withLock { $0.append(subscription) }
        }
    }

    /// Messages that the bus itself dropped since this process was too slow.
    package var lost: Int { subscriptions.withLock { $0.reduce(0) { $0 + Int($1.lost) } } }

    /// Posts from now on the state of the connection, and the server's response time.
    package func reportConnection() {
        let events = bus.events()
        if let server = bus.status.server { connected(to: server.url) }
        run { source in
            for await event in events { source.report(event) }
        }
        run { source in
            while !Task.isCancelled {
                if source.bus.status.isConnected, let time = try? await source.bus.flush(timeout: .seconds(2)) {
                    source.mailbox.post(.roundTrip(milliseconds: time / .milliseconds(1)))
                }
                try? await Task.sleep(for: .seconds(10))
            }
        }
    }

    /// Asks the thalamus for its gates, again and again, and now and then for its map of regions.
    package func followGates(every pause: Duration) {
        run { source in
            let clock = ContinuousClock()
            var mapDue = clock.now
            while !Task.isCancelled {
                // One of an older version knows no map; openings show it then.
                if source.bus.status.isConnected, clock.now >= mapDue,
                    let answer = try? await source.bus.askThalamus(source.environment, "regions", [:])
                {
                    source.mailbox.post(.regions(answer))
                    mapDue = clock.now + .seconds(60)
                }
                if source.bus.status.isConnected,
                    let answer = try? await source.bus.askThalamus(source.environment, "gates", [:]).resolved
                {
                    source.mailbox.post(
                        .gates(
                            (GateList(answer)?.gates ?? []).compactMap { $0.object.flatMap { try? AttendedGate($0) } }))
                }
                try? await Task.sleep(for: pause)
            }
        }
    }

    /// Asks the thalamus why a gate is as it is.
    package func explain(_ gate: String) {
        run { source in
            do {
                let answer = try await source.bus.askThalamus(source.environment, "explain", ["gate": .string(gate)])
                source.mailbox.post(.explained(gate: gate, answer.resolved))
            } catch {
                let reason = (error as? Failure)?.message.text ?? "\(error)"
                source.mailbox.post(.unexplained(gate: gate, reason: reason))
            }
        }
    }

    /// Reports the outcome of an opening, and shows what became of it.
    package func verify(_ report: ScopeVerification) {
        run { source in
            let gate = GateID(region: report.region)
            let text: String
            do {
                let accepted = try await OutcomeReport(
                    of: report.opening, gate: gate, domain: report.region.domain, result: report.result
                ).publish(on: source.bus, source.environment)
                let word = report.result == nil ? "taken back: \(accepted.result.rawValue)" : accepted.result.rawValue
                text = "\(word), asserted by \(accepted.witnesses.map(\.text).joined(separator: ", "))"
            } catch {
                text = (error as? Failure)?.message.text ?? "\(error)"
            }
            source.mailbox.post(.notice(text, at: .now()))
        }
    }

    /// Ends everything that was begun.
    package func stop() {
        tasks.cancelAll()
        for subscription in subscriptions.withLock({ $0 }) { subscription.cancel() }
    }

    private func connected(to url: String) {
        server.withLock { $0 = url }
        mailbox.post(.connection(.connected(url), at: .now()))
    }

    private func report(_ event: BusEvent) {
        let now = Timestamp.now()
        switch event {
        case .connected(let server), .reconnected(let server):
            connected(to: server.url)
        case .disconnected: mailbox.post(.connection(.lost(server.withLock { $0 }), at: now))
        case .connectFailed, .slowConsumer, .closed: break
        case .failed(let error): mailbox.post(.notice("\(error)", at: now))
        case .serverLeaving: mailbox.post(.notice("the NATS server announces its shutdown", at: now))
        }
    }

    private func run(_ body: @escaping @Sendable (LiveSource) async -> Void) {
        tasks.run { [weak self] in
            if let self { await body(self) }
        }
    }
}

/// Subjects by their bytes: a known one costs no new text.
package struct SubjectTable: Sendable {
    private var numbers = NameTable(capacity: 16_384)
    /// Nil for what is ignored.
    private var names: [String?] = []
    private let ignored: [SubjectPattern]

    package init(_ ignored: [SubjectPattern]) {
        self.ignored = ignored
    }

    /// The text of a subject; nil when it is ignored.
    package mutating func name(of subject: RawSpan) -> String? {
        let number = Int(numbers.number(of: subject, ByteRange(0, subject.byteCount)))
        if names.indices.contains(number) { return names[number] }
        let text = subject.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        let name = ignored.contains { $0.matches(text) } ? nil : text
        if number == names.count { names.append(name) }
        return name
    }
}
