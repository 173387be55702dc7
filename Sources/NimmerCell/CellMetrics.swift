import NimmerBus
import NimmerGate
import NimmerProcess
import NimmerSystem
import NimmerWave

extension CellHost {
    /// Writes the metrics of a cell or nerve for `/metrics`.
    func measure(into page: inout MetricsPage) {
        let counters = counters
        page.waves(
            in: counters.wavesIn, out: counters.waves, lost: counters.lost, rejected: counters.rejected)
        page.counter("nimmer_cell_senses_total", "Looks at its capability.", counters.senses)
        page.counter("nimmer_cell_faults_total", "Looks or messages that ended in an error.", counters.faults)
        page.counter(
            "nimmer_cell_sentinels_total", "Values that stand for no reading and were left out.", counters.sentinels)
        page.counter("nimmer_cell_messages_in_total", "Messages on its inputs.", counters.messagesIn)
        page.counter("nimmer_cell_lifeforce_total", "Energy spent.", counters.lifeforce)
        if let budget = withBody({ $0.budget }) {
            page.gauge("nimmer_cell_hungry", "1 while the budget is spent.", withBody { $0.isHungry } ? 1 : 0)
            page.gauge("nimmer_cell_budget_lifeforce", "Amount that is left of the budget, in LF.", budget.left)
            page.counter("nimmer_cell_fed_lifeforce_total", "Amount that confirmed openings gave, in LF.", budget.fed)
            page.counter("nimmer_cell_waves_held_back_total", "Waves held back, being hungry.", counters.heldBack)
        }
        let (readings, isStale, silent) = withBody { ($0.watch.readings, $0.isStale, $0.silentInputs.count) }
        if C.role == .cell {
            page.counter("nimmer_cell_readings_total", "Readings of what it reads.", readings)
            page.gauge("nimmer_cell_stale", "1 while what it reads has stopped.", isStale ? 1 : 0)
            page.gauge("nimmer_cell_silent_inputs", "Inputs that are silent while others speak.", Double(silent))
        }
        page.counter("nimmer_requests_total", "Commands that came.", counters.requests)
        page.counter("nimmer_requests_refused_total", "Commands that were refused.", counters.requestsRefused)
        page.counter(
            "nimmer_requests_failed_total", "Commands that failed or took too long.", counters.requestsFailed)
        page.counter("nimmer_gate_transitions_total", "Changes of its own gate.", counters.transitions)
        let now = now
        let gate = withBody { body in
            let gate = body.gate
            return (gate.state, gate.potential(at: now), gate.weight, gate.witnesses.count)
        }
        page.gate(
            identity.gateID.text, region: (identity.region ?? Region(identity.domain)).text,
            state: Int(gate.0.rawValue), potential: gate.1, weight: gate.2, witnesses: gate.3)
        page.outbox(outbox)
    }
}
