import NimmerBus
import NimmerOutput
import NimmerWave

/// Service that is asked, described for a person.
package struct RequestTarget: CustomStringConvertible {
    /// Cell, service or organ.
    package let kind: String
    package let name: Token

    package init(_ kind: String, _ name: Token) {
        self.kind = kind
        self.name = name
    }

    package var description: String { "\(kind) \(name)" }
}

extension Bus {
    /// Sends a command and waits for its result.
    ///
    /// - Parameters:
    ///   - subject: where it takes requests, without a sender.
    ///   - who: answers `$SRV` by its name.
    /// - Throws: ``Failure`` when it does not live, does not answer in time, or answers what is not a result.
    package func ask(
        _ subject: Subject, of who: RequestTarget, _ command: String, _ payload: JSON, seconds: Double
    ) async throws(Failure) -> CommandResult {
        let end = ContinuousClock.now + .seconds(saturating: seconds)
        try await untilServed(subject, by: who, end)
        let milliseconds = max(1, Int(saturating: (end - .now) / .milliseconds(1)))
        let order = Command(command: command, payload: payload, deadlineMilliseconds: milliseconds, cause: nil)
        let message = Envelope(
            id: .v7(), at: .now(), from: Source(entityID: "nimmer", entityType: .service), order
        ).encoded()
        // Checked before it is sent: the receiver could name no one to answer.
        do throws(Refusal) { _ = try AnyMessage.decode(message, on: subject.text) } catch {
            throw Failure(.usage, "the payload makes no valid command: \(error)")
        }
        let answer: BusMessage
        do {
            answer = try await SharedRequests(self).request(
                subject, of: who.name, payload: message, timeout: .milliseconds(milliseconds))
        } catch {
            switch error.code {
            case .noResponders: throw .noResponder(who)
            case .timeout:
                throw Failure(
                    .unavailable,
                    "\(who) did not answer within \(LocalTime.span(milliseconds: seconds * 1000))",
                    remedy: "--timeout waits longer")
            default: throw Failure(asking: error)
            }
        }
        do throws(Refusal) {
            return try Envelope<CommandResult>(answer: answer.payload).body
        } catch {
            throw Failure(.failed, "\(who) answered with a message that is not a CommandResult: \(error)")
        }
    }

    /// Checks that something lives that takes requests on a subject, before something is stored for it.
    ///
    /// - Throws: ``Failure`` at once when it does not live, and when it does not take them within the time.
    package func require(_ who: RequestTarget, serving subject: Subject, seconds: Double) async throws(Failure) {
        try await untilServed(subject, by: who, .now + .seconds(saturating: seconds))
    }

    /// Waits while the cell lives and does not take requests yet: it has just been started, or a newer version takes over.
    ///
    /// Asked of `$SRV`, because a subscriber to every subject keeps the server from replying "no responders".
    private func untilServed(
        _ subject: Subject, by who: RequestTarget, _ end: ContinuousClock.Instant
    ) async throws(Failure) {
        do {
            let question = try Subject(foreign: "$SRV.STATS.\(who.name)")
            let left = end - .now
            var answers = [try await request(question, payload: [], timeout: left)]
            while !answers.contains(where: { ServiceResponder.serves(subject, stats: $0.payload) }) {
                guard .now < end else {
                    throw Failure(
                        .unavailable, "\(who) runs and accepts no requests",
                        remedy: "`nimmer cell list` shows what it declares")
                }
                answers = try await requestMany(question, payload: [], wait: .milliseconds(50))
            }
        } catch let failure as Failure {
            throw failure
        } catch let error as BusError {
            switch error.code {
            case .noResponders, .timeout: throw .noResponder(who)
            default: throw Failure(asking: error)
            }
        } catch {
            throw Failure(.unavailable, "\(error)")
        }
    }
}

extension Failure {
    /// A request that the bus did not carry.
    fileprivate init(asking error: BusError) {
        self.init(error.code == .badCredentials ? .permission : .unavailable, "\(error)")
    }

    fileprivate static func noResponder(_ who: RequestTarget) -> Failure {
        Failure(
            .unavailable, "no \(who) is running",
            remedy: "`nimmer cell list` shows what runs; `nimmer status` what should")
    }

    /// A command that was refused or failed.
    package init(_ result: CommandResult, from name: Token) {
        let reason = result.error ?? result.result.text
        self.init(.failed, "\(name) \(result.status == .refused ? "refuses" : "failed"): \(reason)")
    }
}
