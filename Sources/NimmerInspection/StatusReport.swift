import NimmerBus
import NimmerOutput
import NimmerWave

/// State of a nervous system: what `nimmer status` found, for a person and for a program.
package struct StatusReport: Sendable {
    /// A process that a `nimmer up` of this place started.
    package struct Process: Equatable, Sendable {
        package let name: String
        /// Nil while it waits to be started again.
        package let pid: Int32?
        package let isAlive: Bool
        /// Port of 127.0.0.1 on which it serves health and metrics; nil: nowhere.
        package let httpPort: UInt16?

        package init(name: String, pid: Int32?, isAlive: Bool, httpPort: UInt16? = nil) {
            self.name = name
            self.pid = pid
            self.isAlive = isAlive
            self.httpPort = httpPort
        }
    }

    /// A stream and how far behind its reader is.
    package struct Stream: Equatable, Sendable {
        package let name: String
        package var messages: Int?
        package var bytes: Int?
        /// Not delivered yet to the durable reader, and delivered but not acknowledged.
        package var lag: Int?
        package var unacknowledged: Int?
        package var reader: String?
        /// Reason why it could not be asked; nil when it was, or is not there.
        package var trouble: String?
        /// Indicates whether this identity may not ask the server about it.
        package var isWithheld = false

        package init(
            name: String, messages: Int? = nil, bytes: Int? = nil, lag: Int? = nil, unacknowledged: Int? = nil,
            reader: String? = nil, trouble: String? = nil, isWithheld: Bool = false
        ) {
            self.name = name
            self.messages = messages
            self.bytes = bytes
            self.lag = lag
            self.unacknowledged = unacknowledged
            self.reader = reader
            self.trouble = trouble
            self.isWithheld = isWithheld
        }
    }

    package var environment: Environment
    package var serverURL = ""
    package var serverFrom = ""
    /// Nil when nothing answers.
    package var serverVersion: String?
    package var roundTrip: Double?
    package var startedAt: Timestamp?
    package var system: String?
    /// Recording that drives the cells, in words; nil without one.
    package var playing: String?
    package var processes: [Process] = []
    package var streams: [Stream] = []
    package var services: [RunningService] = []
    package var attention: Attention?
    /// Start of a restore that is not complete; nil if absent.
    package var restoredSince: Timestamp?
    /// Description of a full disk under the private servers; nil while there is room.
    package var fullDisk: String?

    package init(
        environment: Environment, serverURL: String = "", serverFrom: String = "", serverVersion: String? = nil,
        roundTrip: Double? = nil, startedAt: Timestamp? = nil, system: String? = nil, processes: [Process] = [],
        streams: [Stream] = [], services: [RunningService] = [], attention: Attention? = nil,
        restoredSince: Timestamp? = nil
    ) {
        self.environment = environment
        self.serverURL = serverURL
        self.serverFrom = serverFrom
        self.serverVersion = serverVersion
        self.roundTrip = roundTrip
        self.startedAt = startedAt
        self.system = system
        self.processes = processes
        self.streams = streams
        self.services = services
        self.attention = attention
        self.restoredSince = restoredSince
    }

    /// Problems, each with its consequence (architecture.md, Degrade visibly).
    package func degraded(at now: Timestamp = .now()) -> [String] {
        let disk = fullDisk.map { [$0] } ?? []
        guard serverVersion != nil else {
            return disk + ["no NATS server: cells keep their reflexes and count what they could not publish"]
        }
        var found = disk
        for process in processes where !process.isAlive {
            found.append("\(process.name) does not run; it is started again")
        }
        let names = Set(services.map(\.name))
        if !names.contains("thalamus") { found.append("no thalamus: nothing correlates, no gate of a region opens") }
        if !names.contains("cognition-bridge") {
            found.append("no cognition bridge: requests wait in the stream until they expire")
        } else if let bridge = services.first(where: { $0.name == "cognition-bridge" }), !Self.hasModel(bridge) {
            let why = bridge.data["why"]?.string ?? "no mind is known"
            found.append("the deterministic boundary answers: \(why)")
        }
        if !names.contains("hippocampus") { found.append("no hippocampus: decisions wait in the streams") }
        if let restoredSince {
            found.append(
                "half restored: a restore that began at \(LocalTime.full(restoredSince)) is not complete; nothing starts until "
                    + "`nimmer memory restore --clear`")
        }
        for stream in streams where stream.messages == nil && !stream.isWithheld {
            if let trouble = stream.trouble {
                found.append("the stream \(stream.name) does not answer: \(trouble)")
            } else {
                found.append("no stream \(stream.name): nothing keeps what belongs there")
            }
        }
        if let lost = attention?.lost, lost > 0 {
            found.append("the thalamus lost \(count(lost, "wave")): it was too slow")
        }
        for service in services {
            if let state = service.data["degraded"]?.string, !state.isEmpty {
                found.append("\(service.name): \(state)")
            }
            found += OutboxReport(service.data)?.degraded(service.name) ?? []
            found += IrisReport(service.data)?.degraded(service.name) ?? []
            found += backlogs(of: service, at: now)
        }
        return found
    }

    /// Messages that have waited for PostgreSQL for longer than a minute, with how long they are kept.
    private func backlogs(of service: RunningService, at now: Timestamp) -> [String] {
        (service.data["streams"]?.object ?? [:]).compactMap { member in
            guard let backlog = StreamBacklog(member.value), let since = backlog.since,
                backlog.isOverflowing || now.milliseconds(since: since) > 60_000
            else { return nil }
            let waiting = count(Int(clamping: backlog.messages), "message")
            let time = LocalTime.span(milliseconds: now.milliseconds(since: since))
            let text = "\(member.key): PostgreSQL is behind by \(waiting) and \(time)"
            if backlog.isOverflowing {
                return text + "; the stream is full: the oldest are dropped, and are in no memory"
            }
            let bounds = [
                backlog.keptUntil.map { "\(LocalTime.span(milliseconds: max(0, $0.milliseconds(since: now)))) more" },
                backlog.room.map { "\(Self.size(Int(clamping: $0))) more" },
            ].compactMap { $0 }
            return bounds.isEmpty ? text : text + "; they are kept for \(bounds.joined(separator: " or "))"
        }
    }

    private static func hasModel(_ bridge: RunningService) -> Bool {
        let boundary = bridge.data["boundary"]?.string ?? bridge.metadata["boundary"]?.string
        return boundary == "model"
    }

    package func json(at now: Timestamp = .now()) -> JSON {
        var object: JSONObject = [
            "environment": .string(environment.rawValue), "running": .bool(serverVersion != nil),
            "server": ["url": .string(serverURL), "from": .string(serverFrom)],
        ]
        if let serverVersion {
            object["server"] = [
                "url": .string(serverURL), "from": .string(serverFrom), "version": .string(serverVersion),
                "round_trip_ms": roundTrip.map { .number($0) } ?? .null,
            ]
        }
        object["started_at"] = startedAt.map { .string($0.rfc3339) }
        object["system"] = system.map { .string($0) }
        object["playing"] = playing.map { .string($0) }
        object["processes"] = .array(
            processes.map {
                [
                    "name": .string($0.name), "pid": Self.number($0.pid.map { Int($0) }), "alive": .bool($0.isAlive),
                    "http_port": Self.number($0.httpPort.map { Int($0) }),
                ]
            })
        object["streams"] = .array(
            streams.map {
                [
                    "name": .string($0.name), "messages": Self.number($0.messages), "bytes": Self.number($0.bytes),
                    "reader": $0.reader.map { .string($0) } ?? .null, "lag": Self.number($0.lag),
                    "unacknowledged": Self.number($0.unacknowledged),
                ]
            })
        object["services"] = .array(services.map(\.json))
        object["attention"] = attention?.json ?? .null
        object["degraded"] = .array(degraded(at: now).map { .string($0) })
        return .object(object)
    }

    private static func number(_ value: Int?) -> JSON { value.map { .number(Double($0)) } ?? .null }

    package func lines(_ paint: Paint, at now: Timestamp) -> [TerminalText] {
        var lines = [headline(paint, now)]
        if let playing { lines.append("playing    \(playing)") }
        if serverVersion != nil { lines += attentionLines(paint) }
        if !processes.isEmpty { lines += [""] + processTable(now).lines(paint) }
        if serverVersion != nil { lines += [""] + streamTable().lines(paint) }
        let degraded = degraded(at: now)
        lines += degraded.isEmpty ? [] : ["", paint(.warning, "degraded")] + degraded.map { "  \($0)" }
        return lines
    }

    private func headline(_ paint: Paint, _ now: Timestamp) -> TerminalText {
        var parts = [paint.chip(environment)]
        if let serverVersion {
            let trip = roundTrip.map { ", \(decimals($0, 1)) ms" } ?? ""
            parts.append("\(serverURL) \(paint(.quiet, "nats-server \(serverVersion)\(trip)"))")
        } else {
            parts.append(paint(.bad, "no NATS server answers at \(serverURL)"))
        }
        if let startedAt { parts.append("up \(LocalTime.span(milliseconds: now.milliseconds(since: startedAt)))") }
        if let system { parts.append(paint(.quiet, "\(system)")) }
        return parts.joined(separator: "  ")
    }

    private func attentionLines(_ paint: Paint) -> [TerminalText] {
        guard let attention else { return ["", "attention  unknown: the thalamus is silent"] }
        let open = attention.openGates.map { "\($0.region.text) \(signed($0.potential))" }.joined(separator: ", ")
        return [
            "",
            "attention  \(attention.mode.rawValue)  \(open.isEmpty ? "no gate is open" : "open: \(open)")",
            "waves      \(decimals(attention.wavesPerSecond, 1))/s, \(attention.waves) in all, \(attention.lost) lost, "
                + "\(attention.rejected) rejected",
            "decisions  \(count(attention.openings, "opening")), \(count(attention.collapses, "collapse")), "
                + "\(count(attention.escalations, "escalation")), \(count(attention.regions, "region"))",
        ] + meaningLines
    }

    /// The model by which regions join, where the thalamus compares names.
    private var meaningLines: [TerminalText] {
        guard let thalamus = services.first(where: { $0.name == "thalamus" }), let iris = IrisReport(thalamus.data)
        else { return [] }
        return ["meaning    \(iris.model ?? "no model has answered yet")"]
    }

    private func processTable(_ now: Timestamp) -> Table {
        let serves = processes.contains { $0.httpPort != nil }
        var table = Table(
            ["process", "pid", "state", "up", "requests", "rejected", "lost", "waiting"] + (serves ? ["http"] : []))
        for process in processes {
            let service = services.first { $0.name == process.name }
            let number = { (key: String) in (service?.data[key]?.int).map { "\($0)" } ?? "" }
            let outbox = service.flatMap { OutboxReport($0.data) }
            let waiting = outbox.map { "\($0.waiting)" } ?? ""
            let isNoteworthy = service?.data["stale"]?.bool == true || service?.data["progress"] != nil
            let running = isNoteworthy ? service?.stateText ?? "running" : "running"
            let age = (service?.startedAt).map { LocalTime.span(milliseconds: now.milliseconds(since: $0)) } ?? ""
            let requests = (service?.requests).map { "\($0)" } ?? ""
            var row = [process.name, process.pid.map { "\($0)" } ?? "", process.isAlive ? running : "waiting", age]
            row += [requests, number("rejected"), number("lost"), waiting]
            if serves { row.append(process.httpPort.map { "\($0)" } ?? "") }
            table.add(row)
        }
        return table
    }

    private func streamTable() -> Table {
        var table = Table(["stream", "messages", "size", "reader", "lag", "unacknowledged"])
        for stream in streams {
            table.add([
                stream.name,
                stream.messages.map { "\($0)" } ?? (stream.trouble == nil && !stream.isWithheld ? "none" : "?"),
                stream.bytes.map(Self.size) ?? "",
                stream.reader ?? "", stream.lag.map { "\($0)" } ?? "", stream.unacknowledged.map { "\($0)" } ?? "",
            ])
        }
        return table
    }

    package static func size(_ bytes: Int) -> String {
        switch bytes {
        case ..<10_000: "\(bytes) B"
        case ..<10_000_000: "\(bytes / 1000) kB"
        case ..<10_000_000_000: "\(bytes / 1_000_000) MB"
        default: "\(bytes / 1_000_000_000) GB"
        }
    }
}
