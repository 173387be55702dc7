import NimmerBus
import NimmerGate
import NimmerProcess
import NimmerWave

extension CellHost {
    /// Facts for `$SRV.INFO` that change: the interval that its waves state, where it knows one, its progress, and why it is STALE.
    var facts: [String: String] {
        let now = now
        return withBody { body in
            var facts = body.readingFacts(at: now)
            if let interval = body.statedInterval { facts["interval_ms"] = JSON.number(interval).text }
            return facts
        }
    }

    /// Statistics for `$SRV.STATS`.
    var statistics: ServiceResponder.Statistics {
        let counters = counters
        let now = now
        let (state, gate, potential, readings, isStale, progress, trouble, silent) = withBody { body in
            (
                body.isStale ? "STALE" : body.state ?? (body.progress == nil ? nil : C.initialState),
                body.gate.state.word, body.gate.potential(at: now), body.watch.readings, body.isStale, body.progress,
                body.trouble(at: now), body.silentInputs
            )
        }
        var statistics = ServiceResponder.Statistics()
        statistics.requests = counters.requests
        statistics.errors = counters.requestsRefused + counters.requestsFailed
        (statistics.processingTime, statistics.lastError) = requestTimes.total
        var data = counters.json
        data["state"] = state.map { .string($0) }
        data["readings"] = .number(Double(readings))
        data["stale"] = .bool(isStale)
        if let progress {
            data["progress"] = ["done": .number(Double(progress.done)), "whole": .number(Double(progress.whole))]
        }
        if !silent.isEmpty { data["silent_inputs"] = .array(silent.map { .string($0) }) }
        data["degraded"] = trouble.map { .string($0) }
        data["gate"] = .string(identity.gateID.text)
        data["gate_state"] = .string(gate)
        data["gate_potential"] = .number(potential)
        data["unacknowledged"] = .number(Double(outbox.counters.waiting))
        data["outbox"] = outbox.json
        statistics.data = .object(data)
        return statistics
    }
}
