import NimmerBus
import NimmerProcess
import NimmerThalamus
import NimmerWave
import Synchronization

extension ThalamusProcess {
    /// Maximum number of gates on the page; all of them are counted by state.
    private static let shown = 500

    /// Statistics of the thalamus for `$SRV.STATS`.
    func statistics(lost: UInt64) -> ServiceResponder.Statistics {
        let held = heldBack.withLock { $0 }
        let (counters, regions, heaviest, degraded) = thalamus.withLock {
            ($0.counters, $0.regionCount, $0.loudestSenders, $0.degraded(heldBack: held))
        }
        var statistics = ServiceResponder.Statistics()
        statistics.requests = answered.load(ordering: .relaxed)
        statistics.errors = refused.load(ordering: .relaxed)
        statistics.take(process.requestTimes)
        var data: JSONObject = [
            "waves_in": .number(Double(counters.waves)), "waves_lost": .number(Double(lost)),
            "waves_passed_over": .number(Double(counters.passedOver)),
            "waves_ungranted": .number(Double(counters.ungranted)),
            "waves_in_refused_regions": .number(Double(counters.refusedRegions)),
            "gates_held": .number(Double(counters.heldGates)),
            "escalations_held": .number(Double(counters.heldQuestions)),
            "rejected": .number(Double(announcer.rejected)), "regions": .number(Double(regions)),
            "unacknowledged": .number(Double(outbox.counters.waiting)), "outbox": outbox.json,
            "loudest_senders": .array(
                heaviest.map {
                    [
                        "sender": .string($0.name), "waves_per_second": .number($0.wavesPerSecond.rounded()),
                        "share": .number(($0.share * 1000).rounded() / 1000),
                    ]
                }),
        ]
        if let regionHomes { data["homes"] = regionHomes.json }
        let troubles = degraded + (regionHomes?.degraded ?? [])
        if !troubles.isEmpty { data["degraded"] = .string(troubles.joined(separator: ". ")) }
        statistics.data = .object(data)
        return statistics
    }

    /// Writes the metrics of the thalamus for `/metrics`: read from its counters when they are scraped, so that no wave pays for it.
    func measure(lost: UInt64, reportsDropped: Int, into page: inout MetricsPage) {
        let (counters, gates, heaviest, awaited) = thalamus.withLock {
            ($0.counters, $0.census(at: $0.clock.read(.now())), $0.loudestSenders, $0.awaitedOutcomes)
        }
        page.waves(in: counters.waves, lost: Int(lost), rejected: announcer.rejected)
        page.counter("nimmer_waves_below_floor_total", "Waves below their gate's floor.", counters.belowFloor)
        page.counter(
            "nimmer_waves_passed_over_total",
            "Waves of a sender that floods the bus, passed over for the others' sake.",
            counters.passedOver)
        page.counter("nimmer_waves_late_total", "Waves more than a window late.", counters.late)
        page.counter("nimmer_waves_skewed_total", "Waves whose clock was too wrong to be believed.", counters.skewed)
        page.counter(
            "nimmer_waves_ungranted_total", "Waves refused because their origin is not granted to their sender.",
            counters.ungranted)
        page.counter(
            "nimmer_waves_in_refused_regions_total",
            "Waves refused because their sender brings more new regions than its share.", counters.refusedRegions)
        page.counter(
            "nimmer_gates_held_total", "Gates that were not tipped because the sender tips more than its share.",
            counters.heldGates)
        page.counter(
            "nimmer_hearings_held_total",
            "Hearings of lone voices that did not happen: their sender was heard in another region, or disappointed there.",
            counters.heldHearings)
        page.gauge("nimmer_outcomes_awaited", "Openings whose outcome is not known yet.", Double(awaited))
        for result in VerificationResult.allCases {
            page.counter(
                "nimmer_outcomes_total", "Outcomes of openings that gates learned from.",
                counters.outcomes[result] ?? 0, ["result": result.rawValue])
        }
        page.counter(
            "nimmer_outcomes_taken_back_total", "Outcomes that were taken back, or another put in their place.",
            counters.takenBack)
        page.counter(
            "nimmer_escalations_held_total", "Openings that did not go up because the answers would fill the stream.",
            counters.heldQuestions)
        page.counter(
            "nimmer_reports_dropped_total", "Reports of own gates dropped without an answer: too many.", reportsDropped)
        page.counter(
            "nimmer_requests_dropped_total", "Requests dropped without an answer: too many.",
            questions.withLock { $0.dropped })
        page.counter("nimmer_regions_forgotten_total", "Regions forgotten to stay in bounds.", counters.forgotten)
        regionHomes?.measure(into: &page)
        for sender in heaviest {
            page.gauge(
                "nimmer_sender_waves_per_second", "Waves of the senders that make most of all (three at most).",
                sender.wavesPerSecond, ["sender": sender.name])
        }
        page.gauge("nimmer_regions", "Regions that are known.", gates.count)
        for state in GateState.allCases {
            page.gauge(
                "nimmer_gates", "Gates by state.", gates.count { $0.gate.state == state }, ["state": state.word])
        }
        // Those that ever opened first: their totals must not come and go.
        let order = gates.sorted {
            ($1.tally.openings, abs($1.gate.potential), $0.gate.gateID)
                < ($0.tally.openings, abs($0.gate.potential), $1.gate.gateID)
        }
        for (gate, tally) in order.prefix(Self.shown) {
            page.gate(
                gate.gateID.text, region: gate.region.text, state: Int(gate.state.rawValue),
                potential: gate.potential, weight: gate.weight, witnesses: gate.witnesses)
            let region: KeyValuePairs = ["region": gate.region.text]
            page.counter("nimmer_openings_total", "Openings of a region's gate.", tally.openings, region)
            page.counter("nimmer_collapses_total", "Collapses of a region.", tally.collapses, region)
            page.counter("nimmer_escalations_total", "Questions that went up.", tally.escalations, region)
        }
        page.outbox(outbox)
    }
}
