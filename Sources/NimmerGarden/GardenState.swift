import NimmerThalamus
import NimmerWave

// What survives the garden's process: its figures, the openings that may still get a truth, and what outcomes have shown. A key for each
// variant and one for the real system, in the bucket `<ENV>-GARDEN`.

extension VirtualGarden {
    /// Form of what is kept. Another one is not taken up.
    static let form = 2
    /// Key of the real system.
    package static let realKey = "state.real"
    /// Key of the moment until which nothing was missed.
    package static let aliveKey = "state.alive"

    /// Key of a variant.
    package static func key(_ variant: String) -> String { "state.variant.\(variant)" }

    /// All that is to be kept, as it is now: to be encoded elsewhere, while this garden hears further waves.
    package var snapshot: GardenSnapshot {
        GardenSnapshot(
            variants: variants.map(\.snapshot), real: real, places: places, gaps: gaps, early: early)
    }

    /// The moment until which nothing was missed, as it is kept.
    package static func alive(_ now: Timestamp) -> [UInt8] { JSON.string(now.rfc3339).bytes }

    /// Takes up what an earlier process has kept. What cannot be read, and what was counted under other settings, begins at 0.
    ///
    /// - Parameters:
    ///   - kept: values by their keys.
    ///   - now: the present.
    /// - Returns: the names of the variants that were taken up.
    package mutating func resume(_ kept: [String: [UInt8]], at now: Timestamp) -> [String] {
        func value(_ key: String) -> JSON? {
            guard let bytes = kept[key], let json = try? JSON(parsing: bytes) else { return nil }
            return json
        }
        guard let real = value(Self.realKey), real["form"]?.int == Self.form else { return [] }
        for member in real["places"]?.object?.members ?? [] {
            if let place = member.value.double { places[member.key] = UInt64(saturating: place) }
        }
        self.real = (real["openings"]?.array ?? []).compactMap(RealOpening.init)
        gaps = (real["gaps"]?.array ?? []).compactMap(OpeningSpan.init)
        early = (real["early"]?.array ?? []).compactMap(EarlyMessage.init)
        let aliveAt = value(Self.aliveKey)?.string.flatMap { try? Timestamp(rfc3339: $0) }
        var taken: [String] = []
        for place in variants.indices {
            guard let state = value(Self.key(variants[place].name)), state["digest"]?.string == variants[place].digest
            else {
                forget(variants[place].name)
                continue
            }
            variants[place].resume(state)
            taken.append(variants[place].name)
            // What it shares with real openings may have been kept before it opened.
            for number in self.real.indices
            where variants[place].openings.contains(where: { $0.matches(self.real[number]) }) {
                self.real[number].matched.insert(variants[place].name)
            }
        }
        missed(from: aliveAt ?? now, until: now)
        return taken
    }

    /// Forgets what a variant of this name had in common with real openings, under other settings.
    private mutating func forget(_ variant: String) {
        for place in real.indices { real[place].matched.remove(variant) }
    }
}

extension VariantRun {
    var snapshot: GardenSnapshot.Variant {
        GardenSnapshot.Variant(
            name: name, digest: digest, since: since, totals: totals, openings: openings, trust: thalamus.trust(),
            weights: thalamus.declaredWeights)
    }

    /// Takes up its figures, its trust and the gates that were open.
    mutating func resume(_ state: JSON) {
        if let since = state["since"]?.string.flatMap({ try? Timestamp(rfc3339: $0) }) { self.since = since }
        totals = (GardenFigures(state["own"]), GardenFigures(state["real"]))
        openings = (state["openings"]?.array ?? []).compactMap(VirtualOpening.init)
        if let json = state["trust"], let trust = try? TrustSnapshot(json) {
            for entry in trust.entries { thalamus.restore(entry.origins, region: entry.region) }
        }
        var weights: [Region: Double] = [:]
        for pair in state["weights"]?.array ?? [] {
            if let region = pair[0]?.string.flatMap({ try? Region($0) }) { weights[region] = pair[1]?.double }
        }
        for opening in openings {
            if opening.verdict == nil { thalamus.restore(undecided: opening.transition, id: opening.id) }
            guard opening.span.until == nil else { continue }
            var transition = opening.transition
            if let declared = thalamus.declaredWeight(of: opening.region) {
                transition.weight = weights.removeValue(forKey: opening.region) ?? declared
            }
            thalamus.resume(transition, id: opening.id, now: opening.at)
        }
        for (region, weight) in weights.sorted(by: { $0.key.text < $1.key.text }) {
            let at = openings.last { $0.region == region }?.at ?? since
            let rest = GateTransition(
                gateID: GateID(region: region), domain: region.domain, region: region, fromState: .open,
                toState: .stable, stateValue: 0, weight: weight, at: at)
            thalamus.resume(rest, id: .named("\(name) \(region)"), now: at)
        }
    }
}

extension OpeningSpan {
    var kept: JSON {
        var json: JSONObject = ["from": .string(from.rfc3339)]
        json["until"] = until.map { .string($0.rfc3339) }
        return .object(json)
    }

    init?(_ json: JSON) {
        guard let from = json["from"]?.string.flatMap({ try? Timestamp(rfc3339: $0) }) else { return nil }
        self.init(from: from, until: json["until"]?.string.flatMap { try? Timestamp(rfc3339: $0) })
    }
}

extension RealOpening {
    var kept: JSON {
        var json: JSONObject = [
            "id": .string(id.text), "gate": .string(gate.text), "region": .string(region.text),
            "at": .string(at.rfc3339),
            "span": span.kept, "call": .bool(isCall), "lifeforce": .number(lifeforce),
            "matched": .array(matched.sorted().map { .string($0) }),
        ]
        if isUnseen { json["unseen"] = true }
        json["outcome"] = outcome.map { .string($0.rawValue) }
        json["weight"] = weight.map { .number($0) }
        json["sender"] = sender.map { .string($0) }
        if !feedback.isEmpty { json["feedback"] = .array(feedback.map(\.kept)) }
        json["fed"] = fed.map { .number($0) }
        return .object(json)
    }

    init?(_ json: JSON) {
        guard let id = json["id"]?.string.flatMap({ try? MessageID($0) }),
            let gate = json["gate"]?.string.flatMap({ try? GateID($0) }),
            let region = json["region"]?.string.flatMap({ try? Region($0) }),
            let at = json["at"]?.string.flatMap({ try? Timestamp(rfc3339: $0) }),
            let span = json["span"].flatMap(OpeningSpan.init)
        else { return nil }
        self.id = id
        self.gate = gate
        self.region = region
        self.at = at
        self.span = span
        isCall = json["call"]?.bool ?? false
        lifeforce = json["lifeforce"]?.double ?? 0
        outcome = json["outcome"]?.string.flatMap(VerificationResult.init(rawValue:))
        sender = json["sender"]?.string
        matched = Set((json["matched"]?.array ?? []).compactMap(\.string))
        isUnseen = json["unseen"]?.bool ?? false
        weight = json["weight"]?.double
        fed = json["fed"]?.double
        for feedback in (json["feedback"]?.array ?? []).compactMap(HeardFeedback.init) { note(feedback) }
    }
}

extension VirtualOpening {
    var kept: JSON {
        var json: JSONObject = [
            "id": .string(id.text), "gate": .string(gate.text), "region": .string(region.text),
            "domain": .string(domain.text), "at": .string(at.rfc3339), "span": span.kept, "window_ms": .number(window),
            "potential": .number(potential), "weight": .number(weight), "call": .bool(isCall),
            "lifeforce": .number(lifeforce),
            "witnesses": .array(witnesses.map { .string($0.text) }),
        ]
        json["opener"] = opener.map { .string($0.text) }
        if isOpinion { json["opinion"] = true }
        json["verdict"] = verdict.map { .string($0.rawValue) }
        if distance.isFinite { json["distance_ms"] = .number(distance) }
        return .object(json)
    }

    init?(_ json: JSON) {
        guard let id = json["id"]?.string.flatMap({ try? MessageID($0) }),
            let gate = json["gate"]?.string.flatMap({ try? GateID($0) }),
            let region = json["region"]?.string.flatMap({ try? Region($0) }),
            let domain = json["domain"]?.string.flatMap({ try? Token($0) }),
            let at = json["at"]?.string.flatMap({ try? Timestamp(rfc3339: $0) }),
            let span = json["span"].flatMap(OpeningSpan.init)
        else { return nil }
        self.id = id
        self.gate = gate
        self.region = region
        self.domain = domain
        self.at = at
        self.span = span
        window = json["window_ms"]?.double ?? 0
        potential = json["potential"]?.double ?? 1
        weight = json["weight"]?.double ?? 0
        isCall = json["call"]?.bool ?? false
        lifeforce = json["lifeforce"]?.double ?? 0
        opener = json["opener"]?.string.flatMap { try? Token($0) }
        witnesses = (json["witnesses"]?.array ?? []).compactMap { $0.string.flatMap { try? Token($0) } }
        verdict = json["verdict"]?.string.flatMap(VerificationResult.init(rawValue:))
        distance = json["distance_ms"]?.double ?? .infinity
        isOpinion = json["opinion"]?.bool ?? false
    }

    /// The transition that it was, as far as a thalamus that continues needs it.
    var transition: GateTransition {
        GateTransition(
            gateID: gate, domain: domain, region: region, fromState: .stable, toState: .open, stateValue: potential,
            weight: weight, opener: opener,
            triggerSignals: witnesses.map {
                TriggerSignal(source: $0.text, origin: $0, confidence: 1, polarity: 1, timestamp: at, push: 0)
            }, at: at)
    }
}
