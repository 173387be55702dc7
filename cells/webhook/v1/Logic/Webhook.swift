import NimmerCell
import NimmerWave
import NimmerWeb

/// The webhook cell: posts each command that it was configured for, at most once (decision 0010).
public struct Webhook<Client: WebClient>: Cell {
    public static var manifest: Manifest { .webhook }
    /// Names of the configured posts, sorted.
    public let knownCommands: [String]

    /// State of one post.
    enum State: String {
        /// It is on its way. Can transition to ``done`` or ``failed``.
        case commanded = "COMMANDED"
        /// The server took it. Final.
        case done = "DONE"
        /// The server refused it, did not answer, or cannot be reached. Final.
        case failed = "FAILED"
    }

    private let settings: WebhookSettings
    private let client: Client
    /// Commands of the posts that are under way, by their numbers.
    private var posts: [Int: String] = [:]
    private var next = 1

    /// A cell with the posts of its settings.
    ///
    /// - Throws: `Refusal` for settings without a post, and for a post that cannot be read.
    public init(_ settings: Settings<WebhookOptions>) throws {
        self.settings = try WebhookSettings(settings)
        client = Client(self.settings.client)
        knownCommands = self.settings.hooks.keys.sorted()
    }

    public func checkSource() throws { try client.checkFiles() }

    public mutating func perform(_ command: Command, _ pulse: inout Pulse) throws -> Answer {
        let name = command.command
        guard let hook = settings.hooks[name] else {
            return .refused(
                "'\(name.prefix(80))' is not configured; this webhook knows \(knownCommands.joined(separator: ", "))")
        }
        guard posts.count < settings.parallel else {
            let busy = posts.values.sorted().joined(separator: ", ")
            return .refused("busy with \(busy); at most \(settings.parallel) at once")
        }
        let body =
            try hook.template?.filled(with: command.payload)
            ?? (["command": .string(name), "payload": command.payload] as JSON).bytes
        let id = next
        next += 1
        posts[id] = name
        report(.commanded, id, name, "", cost: Self.manifest.cost("command"), &pulse)
        let request = WebRequest(
            hook.address, body: body, timeout: min(settings.timeout, command.deadlineMilliseconds), bodyLimit: 65_536)
        return .later("post-\(id)") { [client, retries = settings.retries] in
            let answer = try await Self.post(request, by: client, retries: retries)
            return ["status": .number(Double(answer.status)), "latency_ms": .number(answer.latency.rounded())]
        }
    }

    public mutating func finished(
        _ work: String, _ outcome: Result<JSON, any Error>, _ pulse: inout Pulse
    ) throws -> Answer {
        guard let id = work.split(separator: "-").last.flatMap({ Int($0) }), let name = posts.removeValue(forKey: id)
        else { return .failed("\(work) is no post") }
        func failed(_ reason: String) -> Answer {
            report(.failed, id, name, reason, cost: 0, &pulse)
            return .failed(reason)
        }
        switch outcome {
        case .success(let answer):
            let status = answer["status"]?.int ?? 0
            guard settings.expected.contains(status) else {
                let note = (300..<400).contains(status) ? " (a redirect, which is not followed)" : ""
                return failed("\(name): status \(status)\(note); expected \(settings.expected)")
            }
            report(.done, id, name, "status \(status)", cost: 0, &pulse)
            return .done(answer)
        case .failure(let failure as WebFailure) where failure.kind != .cancelled:
            let doubt = failure.mayHaveArrived ? "; whether it was taken is not known" : "; nothing was sent"
            return failed("\(name): \(failure)\(doubt)")
        case .failure:
            return failed("\(name): no answer in time; whether it was taken is not known")
        }
    }

    /// Posts, again only where nothing can have reached the server.
    private static func post(
        _ request: WebRequest, by client: Client, retries: Int
    ) async throws -> WebAnswer {
        let deadline = ContinuousClock.now + .milliseconds(request.timeout)
        var request = request
        var attempt = 0
        while true {
            do throws(WebFailure) { return try await client.send(request) } catch {
                let pause = Duration.milliseconds(100 << attempt)
                let left = ContinuousClock.now.duration(to: deadline) - pause
                let isSafe = error.kind == .unreachable && !error.mayHaveArrived
                guard isSafe, retries > attempt, left > .milliseconds(10) else { throw error }
                attempt += 1
                try await Task.sleep(for: pause)
                request.timeout = Int(left.nanoseconds / 1_000_000)
            }
        }
    }

    private func report(
        _ state: State, _ id: Int, _ name: String, _ reason: String, cost: Double, _ pulse: inout Pulse
    ) {
        pulse.enter(
            state.rawValue, of: "post-\(id)", reason: reason.isEmpty ? name : reason, isLast: state != .commanded)
        pulse.emit(
            confidence: state == .failed ? 0.9 : 0.3,
            ["command": .string(name), "state": .string(state.rawValue), "reason": .string(reason)], cost: cost)
    }
}
