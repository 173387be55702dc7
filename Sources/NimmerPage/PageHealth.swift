import NimmerBus
import NimmerInspection
import NimmerMemory
import NimmerMemoryPostgres
import NimmerOutput
import NimmerScope
import NimmerWave
import Synchronization

/// State of the system, for the page's lowest pane: eight figures, each with its cause and what to do (web.md, Health and states).
package final class PageHealth: Sendable {
    private struct Found {
        var report: StatusReport
        var budget: JSON = .null
        var days: [DecisionDay] = []
        var memoryTrouble: String?
        /// Waves and requests of this day (UTC) as the thalamus counted them, since this server watches.
        var watched: [String: (waves: Int, escalations: Int)] = [:]
        var last: (waves: Int, escalations: Int)?
    }

    private let model: PageModel
    private let bus: any Bus
    private let store: PostgresStore?
    private let found: Mutex<Found>

    package init(_ model: PageModel, bus: any Bus, store: PostgresStore?) {
        self.model = model
        self.bus = bus
        self.store = store
        found = Mutex(Found(report: StatusReport(environment: model.environment)))
    }

    /// Asks everything again: the server and its clients, the bridge, and PostgreSQL.
    package func look() async {
        var report = StatusReport(environment: model.environment)
        await report.look(at: bus, model.environment)
        model.expect(Self.cells(report.services))
        let budget = (try? await bus.askBridge(model.environment, "budget", seconds: 2)) ?? .null
        var days: [DecisionDay]?
        var trouble: String?
        if let store {
            do throws(MemoryError) {
                let since = Timestamp.now().advanced(milliseconds: -6 * 86_400_000).utcDay
                days = try await store.decisionDays(model.environment, since: since)
            } catch { trouble = error.description }
        }
        found.withLock { [report, days, trouble] found in
            found.report = report
            found.budget = budget
            found.days = days ?? found.days
            found.memoryTrouble = trouble
        }
    }

    /// Cells and nerves that run, with the region of each, in order of region and name.
    private static func cells(_ services: [RunningService]) -> [PageFeed.RunningCell] {
        services.filter { ["cell", "nerve"].contains($0.metadata["role"]?.string ?? "") }
            .compactMap { service in
                (service.metadata["region"]?.string ?? service.metadata["domain"]?.string).map { (service.name, $0) }
            }
            .sorted { ($0.1, $0.0) < ($1.1, $1.0) }.map { PageFeed.RunningCell(name: $0.0, region: $0.1) }
    }

    /// Takes what the thalamus has counted; a process that began again counts from its start.
    private func count(_ attention: Attention, _ found: inout Found) {
        let now = (waves: attention.waves, escalations: attention.escalations)
        let before = found.last.flatMap { $0.waves <= now.waves ? $0 : nil } ?? (now.waves, now.escalations)
        let day = Timestamp.now().utcDay
        let sum = found.watched[day] ?? (0, 0)
        found.watched[day] = (sum.waves + now.waves - before.0, sum.escalations + max(0, now.escalations - before.1))
        if found.watched.count > 8, let oldest = found.watched.keys.min() { found.watched[oldest] = nil }
        found.last = now
    }

    /// The frame of the present.
    ///
    /// - Parameter rate: waves in the last second.
    package func frame(rate: Int) -> JSONObject {
        let now = Timestamp.now()
        let scope = model.read { state, _ in state.pageStatus }
        let lost = model.lost
        return found.withLock { found in
            if let attention = scope.attention { count(attention, &found) }
            var object: JSONObject = [
                "now": PageText.moment(now), "rate": PageText.count(rate), "lost": PageText.count(lost),
                "mode": scope.attention.map { .string($0.mode.rawValue) } ?? .null,
                "connection": .string(scope.isConnected ? "connected" : "lost"),
                "since": PageText.moment(scope.connectionChanged),
            ]
            let figures = HealthFigures(
                status: scope, report: found.report, budget: found.budget, memoryTrouble: found.memoryTrouble,
                missed: missed(found))
            object["items"] = .array(figures.items(at: now))
            let services = found.report.services
            object["processes"] = .array(
                services.map { service in
                    [
                        "n": PageText.shown(service.name, PageText.name),
                        "state": PageText.shown(service.data["state"]?.string ?? "running", PageText.name),
                        "up": service.startedAt.map { PageText.number(now.milliseconds(since: $0), 0) } ?? .null,
                        "note": PageText.shown(service.data["degraded"]?.string ?? service.summary, PageText.answer),
                    ]
                })
            object["streams"] = .array(
                found.report.streams.map { stream in
                    [
                        "n": .string(stream.name), "messages": stream.messages.map { PageText.count($0) } ?? .null,
                        "lag": stream.lag.map { PageText.count($0) } ?? .null,
                    ]
                })
            object["minds"] = .array(figures.minds)
            object["degraded"] = .array(
                (scope.isConnected ? found.report.degraded(at: now) : ["no NATS server answers"]).map {
                    PageText.shown($0, PageText.payload)
                })
            object["days"] = .array(days(found))
            return object
        }
    }

    private func missed(_ found: Found) -> Int {
        let today = Timestamp.now().utcDay
        return max(found.days.first { $0.day == today }?.missed ?? 0, model.read { $1.missed(on: today) })
    }

    private func days(_ found: Found) -> [JSON] {
        let names = Set(found.days.map(\.day)).union(found.watched.keys)
        return names.sorted().suffix(7).map { name in
            let day = found.days.first { $0.day == name }
            let watched = found.watched[name]
            return [
                "day": .string(name), "calls": PageText.count(day?.answered ?? watched?.escalations ?? 0),
                "missed": PageText.count(day?.missed ?? 0),
                "avoided": watched.map { PageText.count(max(0, $0.waves - $0.escalations)) } ?? .null,
            ]
        }
    }
}
