import NimmerBus
import NimmerGate
import NimmerProcess
import NimmerSystem
import NimmerWave
import Synchronization

extension CellHost {
    /// Facts for `$SRV.INFO` that change: the interval that its waves state, where it knows one, its progress, and why it is STALE.
    var facts: [String: String] {
        let now = now
        return withBody { body in
            var facts = body.readingFacts(at: now)
            if let hunger = body.hunger { facts["hungry"] = hunger }
            if let interval = body.statedInterval { facts["interval_ms"] = JSON.number(interval).text }
            return facts
        }
    }

    /// Statistics for `$SRV.STATS`.
    var statistics: ServiceResponder.Statistics {
        let counters = counters
        let now = now
        let (hunger, budget) = withBody { ($0.hunger, $0.budget) }
        let (state, gate, potential, readings, isStale, progress, trouble, silent) = withBody { body in
            (
                body.isStale
                    ? "STALE" : body.isHungry ? "HUNGRY" : body.state ?? (body.progress == nil ? nil : C.initialState),
                body.gate.state.word, body.gate.potential(at: now), body.watch.readings, body.isStale, body.progress,
                body.trouble(at: now), body.silentInputs
            )
        }
        var statistics = ServiceResponder.Statistics()
        statistics.requests = counters.requests
        statistics.errors = counters.requestsRefused + counters.requestsFailed
        statistics.take(process.requestTimes)
        var data = counters.json
        data["state"] = state.map { .string($0) }
        data["readings"] = .number(Double(readings))
        data["stale"] = .bool(isStale)
        if let budget {
            data["hungry"] = .bool(hunger != nil)
            data["lifeforce_budget"] = .number(budget.settings.budget)
            data["lifeforce_left"] = .number(budget.left)
            data["lifeforce_fed"] = .number(budget.fed)
        }
        if let progress {
            data["progress"] = ["done": .number(Double(progress.done)), "whole": .number(Double(progress.whole))]
        }
        if !silent.isEmpty { data["silent_inputs"] = .array(silent.map { .string($0) }) }
        data["degraded"] = (trouble ?? hunger).map { .string($0) }
        data["gate"] = .string(identity.gateID.text)
        data["gate_state"] = .string(gate)
        data["gate_potential"] = .number(potential)
        data["unacknowledged"] = .number(Double(outbox.counters.waiting))
        data["outbox"] = outbox.json
        statistics.data = .object(data)
        return statistics
    }

    /// Answers `$SRV`, `/metrics` and `/readyz` from now on, also while a call blocks the cell.
    func reportItself() {
        process.answers.report { [weak self] in self?.answeredStatistics ?? ServiceResponder.Statistics() }
        process.answers.describe { [weak self] in self.map { $0.waitForCall() == nil ? $0.facts : [:] } ?? [:] }
        process.metrics.collect { [weak self] page in
            guard let self else { return }
            let running = waitForCall()
            let blocked = running.flatMap { $0 > callLimit ? $0 : nil }
            page.gauge(
                "nimmer_cell_blocked_seconds", "Duration of a call that runs longer than it may; 0: none does.",
                (blocked ?? .zero) / .seconds(1))
            if running == nil { measure(into: &page) }
        }
        process.health.check("cell") { [weak self] in
            self.flatMap { host in host.calls.running.flatMap { $0 > host.callLimit ? host.blockage($0) : nil } }
        }
    }

    /// Statistics for `$SRV.STATS`; while a call blocks the cell, the last that were given, and what blocks it.
    private var answeredStatistics: ServiceResponder.Statistics {
        guard let running = waitForCall() else {
            let statistics = statistics
            latest.withLock { $0 = statistics }
            return statistics
        }
        var statistics = latest.withLock { $0 }
        statistics.lastError = blockage(running)
        var data = statistics.data.object ?? [:]
        data["blocked_ms"] = .number((running / .milliseconds(1)).rounded())
        data["degraded"] = .string(blockage(running))
        statistics.data = .object(data)
        return statistics
    }
}
