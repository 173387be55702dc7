import NimmerBus
import NimmerGate
import NimmerProcess
import NimmerWave

extension CellHost {
    /// Facts for `$SRV.INFO` that change: the interval that its waves state, where it knows one.
    var facts: [String: String] {
        withBody { $0.statedInterval }.map { ["interval_ms": JSON.number($0).text] } ?? [:]
    }

    /// Statistics for `$SRV.STATS`.
    var statistics: ServiceResponder.Statistics {
        let counters = counters
        let now = now
        let (state, gate, potential) = withBody { body in
            (body.state, body.gate.state.word, body.gate.potential(at: now))
        }
        var statistics = ServiceResponder.Statistics()
        statistics.requests = counters.requests
        statistics.errors = counters.requestsRefused + counters.requestsFailed
        (statistics.processingTime, statistics.lastError) = requestTimes.total
        var data = counters.json
        data["state"] = state.map { .string($0) }
        data["gate"] = .string(identity.gateID.text)
        data["gate_state"] = .string(gate)
        data["gate_potential"] = .number(potential)
        data["unacknowledged"] = .number(Double(outbox.counters.waiting))
        data["outbox"] = outbox.json
        statistics.data = .object(data)
        return statistics
    }
}
