import NimmerInspection
import NimmerOutput
import NimmerScope
import NimmerWave

/// The eight figures of the page's lowest pane, but for that of the tab itself: each with its sign, its cause and what to do (web.md,
/// Health and states).
struct HealthFigures {
    /// State of a figure.
    enum Sign: String {
        case well, degraded, lost, unknown
    }

    let status: PageStatus
    /// Answers of the server and its clients; nil for a recording.
    let report: StatusReport?
    /// Answer of the bridge to `budget`; null where it gave none.
    var budget = JSON.null
    /// Reason why PostgreSQL could not be read; nil where it could, or is not asked.
    var memoryTrouble: String?
    /// Requests of this day that got no answer.
    var missed = 0

    private func item(
        _ id: String, _ label: String, _ value: String, _ sign: Sign, _ cause: String = "", _ remedy: String = ""
    ) -> JSON {
        [
            "id": .string(id), "label": .string(label), "value": PageText.shown(value, PageText.name),
            "sign": .string(sign.rawValue), "cause": PageText.shown(cause, PageText.payload),
            "remedy": PageText.shown(remedy, PageText.payload),
        ]
    }

    func items(at now: Timestamp) -> [JSON] {
        guard report != nil else { return recorded }
        guard status.isConnected else {
            let gone = LocalTime.span(milliseconds: max(0, now.milliseconds(since: status.connectionChanged)))
            return [
                item(
                    "nats", "NATS", "not reached \(gone)", .lost,
                    "the connection to the NATS server is lost; it is tried again",
                    "`nimmer status` names the server; `nimmer up` starts its own again")
            ]
                + [
                    ("thalamus", "Thalamus"), ("memory", "Memory"), ("minds", "Minds"), ("lifeforce", "Lifeforce"),
                    ("avoided", "Calls avoided"), ("missed", "Events missed"),
                ].map { id, label in
                    item(id, label, "unknown", .unknown, "nothing is heard without the NATS server")
                }
        }
        return [
            item(
                "nats", "NATS", status.roundTrip.map { "\(decimals($0, 1)) ms" } ?? "connected",
                status.roundTrip.map { $0 > 200 } ?? false ? .degraded : .well, "time of an answer of the NATS server"),
            thalamus, memory, mind, lifeforce, avoided, unanswered,
        ]
    }

    private var thalamus: JSON {
        guard let attention = status.attention, status.isAttended else {
            return item(
                "thalamus", "Thalamus", "silent", .lost,
                "no thalamus reports: nothing correlates, no gate of a region opens",
                "`nimmer up` starts it again; `nimmer logs thalamus` shows why it ended")
        }
        let gates = count(attention.regions, "gate")
        guard attention.lost == 0 else {
            return item(
                "thalamus", "Thalamus", gates, .degraded,
                "it lost \(count(attention.lost, "wave")) since it started: too slow",
                "more thalami share the regions: thalamus.partitions")
        }
        return item("thalamus", "Thalamus", gates, .well, "\(count(attention.openings, "opening")) since it started")
    }

    private var memory: JSON {
        if let trouble = memoryTrouble {
            return item(
                "memory", "Memory", "not reached", .degraded, trouble,
                "`nimmer memory` needs PostgreSQL; `nimmer status` shows it")
        }
        let lags = streams.filter { $0.reader != "bridge" }.compactMap(\.lag)
        guard services.contains(where: { $0.name == "hippocampus" }) else {
            return item(
                "memory", "Memory", report?.serverVersion == nil ? "unknown" : "no hippocampus",
                report?.serverVersion == nil ? .unknown : .degraded, "decisions wait in the streams",
                "start the hippocampus; what waits is written then")
        }
        guard !lags.isEmpty else {
            return item(
                "memory", "Memory", "unknown", .unknown,
                streams.compactMap(\.trouble).first ?? "no stream names its lag")
        }
        let lag = lags.reduce(0, +)
        let text = lag > 1000 ? "messages wait for PostgreSQL" : "the hippocampus writes at once"
        return item("memory", "Memory", "lag \(lag)", lag > 1000 ? .degraded : .well, text)
    }

    private var mind: JSON {
        guard let bridge = services.first(where: { $0.name == "cognition-bridge" }) else {
            return item(
                "minds", "Minds", report?.serverVersion == nil ? "unknown" : "no bridge",
                report?.serverVersion == nil ? .unknown : .lost, "requests wait in the stream until they expire",
                "start the cognition-bridge")
        }
        guard !budget.isNull else {
            return item(
                "minds", "Minds", "no answer", .unknown, "the bridge did not answer",
                "`nimmer mind list` asks each mind")
        }
        let minds = budget["minds"]?.object?.members ?? []
        let waiting = budget["waiting"]?.array?.count ?? 0
        guard !minds.isEmpty else {
            return item(
                "minds", "Minds", "by rule", .well, "no mind is configured: the boundary answers by rule",
                "docs/tutorial/a-mind.md adds one")
        }
        let spent = minds.filter { $0.value["shortage"]?.string != nil }
        let why = bridge.data["why"]?.string ?? ""
        if !spent.isEmpty {
            return item(
                "minds", "Minds", "budget spent", .degraded, "spent: \(spent.map(\.key).joined(separator: ", "))",
                "bridge.minds in the system file sets budgets")
        }
        if bridge.data["boundary"]?.string == "deterministic" {
            return item("minds", "Minds", "by rule", .degraded, why, "`nimmer mind list` asks each")
        }
        return item(
            "minds", "Minds", "queue \(waiting), ok", waiting > 8 ? .degraded : .well,
            "\(count(minds.count, "mind")) configured")
    }

    private var lifeforce: JSON {
        let minds = budget["minds"]?.object?.members.map(\.value) ?? []
        let spent = minds.reduce(0) { $0 + ($1["day"]?["lf"]?.double ?? 0) }
        let limits = minds.compactMap { $0["day"]?["lf_limit"]?.double }
        guard !budget.isNull else {
            return item("lifeforce", "Lifeforce", "unknown", .unknown, "the bridge was not reached")
        }
        let limit = limits.reduce(0, +)
        let text = limits.isEmpty ? "\(decimals(spent, 1)) LF" : "\(decimals(spent, 1)) of \(decimals(limit, 0)) LF"
        return item(
            "lifeforce", "Lifeforce", text, !limits.isEmpty && spent > limit * 0.9 ? .degraded : .well,
            "what minds spent on this day (UTC)", "`nimmer lifeforce` shows each region")
    }

    private var avoided: JSON {
        guard let attention = status.attention, attention.waves > 0 else {
            return item("avoided", "Calls avoided", "none yet", .unknown, "no wave came yet")
        }
        let share = 100 * (1 - Double(min(attention.escalations, attention.waves)) / Double(attention.waves))
        return item(
            "avoided", "Calls avoided", "\(decimals(share, share > 99.9 ? 2 : 1)) %", .well,
            "\(count(attention.waves, "wave")) made \(count(attention.escalations, "request")) since the thalamus started"
        )
    }

    private var unanswered: JSON {
        item(
            "missed", "Events missed", "\(missed) today", missed > 0 ? .degraded : .well,
            missed > 0 ? "requests that expired, or that no mind answered" : "every request was answered",
            missed > 0 ? "`nimmer mind list` asks each mind; budgets and timeouts are in the system file" : "")
    }

    private var services: [RunningService] { report?.services ?? [] }
    private var streams: [StatusReport.Stream] { report?.streams ?? [] }

    /// Of a recording nothing is known but its waves and what the thalamus reported.
    private var recorded: [JSON] {
        let others = [("memory", "Memory"), ("minds", "Minds"), ("lifeforce", "Lifeforce")]
        return [item("nats", "NATS", "a recording", .unknown, "a recording is shown; no server is asked"), thalamus]
            + others.map { item($0, $1, "not recorded", .unknown, "a recording holds messages only") }
            + [
                avoided,
                item(
                    "missed", "Events missed", "\(missed) here", missed > 0 ? .degraded : .well,
                    "requests of the recording without an answer"),
            ]
    }

    /// Spending of each mind.
    var minds: [JSON] {
        (budget["minds"]?.object?.members ?? []).map { mind in
            [
                "n": PageText.shown(mind.key, PageText.name),
                "spent": PageText.number(mind.value["day"]?["lf"]?.double ?? 0, 2),
                "limit": mind.value["day"]?["lf_limit"]?.double.map { PageText.number($0, 2) } ?? .null,
                "note": PageText.shown(mind.value["shortage"]?.string ?? "", PageText.answer),
            ]
        }
    }
}
