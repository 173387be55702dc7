import NimmerThalamus
import NimmerWave

// What survives the garden's process: its figures, the openings that may still get a truth, and what outcomes have shown. A key for each
// variant and one for the real system, in the bucket `<ENV>-GARDEN`.

extension VirtualGarden {
    /// Form of what is kept. Another one is not taken up.
    private static let form = 1
    /// Key of the real system.
    package static let realKey = "state.real"
    /// Key of the moment until which nothing was missed.
    package static let aliveKey = "state.alive"

    /// Key of a variant.
    package static func key(_ variant: String) -> String { "state.variant.\(variant)" }

    /// All that is to be kept, by key; the variants before the real system, whose places in the streams are behind them.
    package var kept: [(key: String, value: [UInt8])] {
        variants.map { (Self.key($0.name), $0.kept.bytes) } + [(Self.realKey, keptReal.bytes)]
    }

    /// The moment until which nothing was missed, as it is kept.
    package static func alive(_ now: Timestamp) -> [UInt8] { JSON.string(now.rfc3339).bytes }

    private var keptReal: JSON {
        var places: JSONObject = [:]
        for (stream, place) in self.places.sorted(by: { $0.key < $1.key }) { places[stream] = .number(Double(place)) }
        return [
            "form": .number(Double(Self.form)), "places": .object(places), "openings": .array(real.map(\.kept)),
            "gaps": .array(gaps.suffix(64).map(\.kept)),
        ]
    }

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
        aliveAt = value(Self.aliveKey)?.string.flatMap { try? Timestamp(rfc3339: $0) }
        gaps.append(OpeningSpan(from: aliveAt ?? now, until: now))
        var taken: [String] = []
        for place in variants.indices {
            guard let state = value(Self.key(variants[place].name)), state["digest"]?.string == variants[place].digest
            else {
                forget(variants[place].name)
                continue
            }
            variants[place].resume(state)
            taken.append(variants[place].name)
        }
        return taken
    }

    /// Forgets what a variant of this name had in common with real openings, under other settings.
    private mutating func forget(_ variant: String) {
        for place in real.indices { real[place].matched.remove(variant) }
    }
}

extension VariantRun {
    var kept: JSON {
        let trust = TrustSnapshot(thalamus.trust().map { .init(region: $0.region, origins: $0.records) })
        return [
            "digest": .string(digest), "since": .string(since.rfc3339), "own": totals.own.json,
            "real": totals.real.json, "openings": .array(openings.map(\.kept)), "trust": trust.json,
        ]
    }

    /// Takes up its figures, its trust and the gates that were open.
    mutating func resume(_ state: JSON) {
        if let since = state["since"]?.string.flatMap({ try? Timestamp(rfc3339: $0) }) { self.since = since }
        totals = (GardenFigures(state["own"]), GardenFigures(state["real"]))
        openings = (state["openings"]?.array ?? []).compactMap(VirtualOpening.init)
        if let json = state["trust"], let trust = try? TrustSnapshot(json) {
            for entry in trust.entries { thalamus.restore(entry.origins, region: entry.region) }
        }
        for opening in openings {
            if opening.verdict == nil { thalamus.restore(undecided: opening.transition, id: opening.id) }
            guard opening.span.until == nil else { continue }
            thalamus.resume(opening.transition, id: opening.id, now: opening.at)
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
        json["sender"] = sender.map { .string($0) }
        json["feedback"] = feedback.map {
            ["amount": .number($0.amount), "sender": .string($0.sender), "taken": .bool($0.isTaken)]
        }
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
        if let kept = json["feedback"], let amount = kept["amount"]?.double, let by = kept["sender"]?.string {
            feedback = Feedback(amount: amount, sender: by, isTaken: kept["taken"]?.bool ?? false)
        }
    }
}

extension VirtualOpening {
    var kept: JSON {
        var json: JSONObject = [
            "id": .string(id.text), "gate": .string(gate.text), "region": .string(region.text),
            "domain": .string(domain.text), "at": .string(at.rfc3339), "span": span.kept, "window_ms": .number(window),
            "potential": .number(potential), "call": .bool(isCall), "lifeforce": .number(lifeforce),
            "witnesses": .array(witnesses.map { .string($0.text) }),
        ]
        json["opener"] = opener.map { .string($0.text) }
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
        isCall = json["call"]?.bool ?? false
        lifeforce = json["lifeforce"]?.double ?? 0
        opener = json["opener"]?.string.flatMap { try? Token($0) }
        witnesses = (json["witnesses"]?.array ?? []).compactMap { $0.string.flatMap { try? Token($0) } }
        verdict = json["verdict"]?.string.flatMap(VerificationResult.init(rawValue:))
        distance = json["distance_ms"]?.double ?? .infinity
    }

    /// The transition that it was, as far as a thalamus that continues needs it.
    var transition: GateTransition {
        GateTransition(
            gateID: gate, domain: domain, region: region, fromState: .stable, toState: .open, stateValue: potential,
            weight: 0, opener: opener,
            triggerSignals: witnesses.map {
                TriggerSignal(source: $0.text, origin: $0, confidence: 1, polarity: 1, timestamp: at, push: 0)
            }, at: at)
    }
}
