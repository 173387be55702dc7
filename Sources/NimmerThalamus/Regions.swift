import NimmerGate
import NimmerWave

extension Thalamus {
    /// Placeholder of a name that cannot be one; the decoder lets none through.
    static let unnamed: Token = {
        guard let token = try? Token("unnamed") else { preconditionFailure("'unnamed' is a token") }
        return token
    }()

    /// The region that a wave's region lives in: that of the first rule that matches, else the home that it joined, else itself.
    package func home(of region: Region) -> Region { configuration.home(of: region, assigned: assignments) }

    /// The region that a person means: that in which the named one lives; a gate's id as it is.
    package func home(ofAsked name: String) -> String { (try? Region(name)).map { home(of: $0).text } ?? name }

    func gateConfiguration(_ region: Region) -> GateConfiguration {
        configuration.gate(region)
    }

    /// The slot of a region, made when it is new; where there is no room, in the place of one that has been silent for long.
    mutating func makeSlot(_ region: Region, domain: Token, _ at: Timestamp) -> Int {
        if let known = slotOfRegion[region] { return known }
        let made = RegionSlot(region: region, domain: domain, gate: Gate(gateConfiguration(region)), at: at)
        guard slots.count >= configuration.maximumRegions, let place = toForget(at) else {
            slots.append(made)
            slotOfRegion[region] = slots.count - 1
            takeKeptTrust(slots.count - 1)
            rank(slots.count - 1)
            return slots.count - 1
        }
        forget(place)
        slots[place] = made
        slotOfRegion[region] = place
        takeKeptTrust(place)
        rank(place)
        return place
    }

    /// Notes what would be lost with a slot, after what may have changed that.
    mutating func rank(_ slot: Int) { standings.note(slot, slots[slot].standing) }

    /// Forgets gates that another thalamus has from now on, and what they have not published.
    public mutating func forget(where isGone: (GateID) -> Bool) {
        for slot in slots.indices where isGone(slots[slot].gateID) { keepSpending(of: slot) }
        slots.removeAll { isGone($0.gateID) }
        keptTrust.forget(where: isGone)
        counters.heldDropped &+= waiting.drop { isGone(GateID(region: $0)) }
        slotOfRegion = Dictionary(uniqueKeysWithValues: slots.indices.map { (slots[$0].region, $0) })
        openings.forget { [slotOfRegion] in slotOfRegion[$0] == nil }
        standings.removeAll()
        for slot in slots.indices { rank(slot) }
        scheduleAll()
        forgetNames()
        intervals.forgetSlots()
    }

    /// The slot of the region to forget when there is no room: of those with which least would be lost, one that has been silent
    /// for long.
    private mutating func toForget(_ now: Timestamp) -> Int? {
        advance(to: now)
        return standings.toForget { [slots] in slots[$0].lastWave }
    }

    /// Forgets what is known of a slot's region: another takes its place.
    private mutating func forget(_ slot: Int) {
        counters.forgotten += 1
        keepTrust(of: slot)
        keepSpending(of: slot)
        weakWaves[slots[slot].region] = nil
        slotOfRegion[slots[slot].region] = nil
        openings.forget(slots[slot].region)
        forgetNames(of: slot)
        intervals.forgetSlots()
    }

    /// Starts the numbering of origins and sources again, keeping those that gates remember: a sender invents names.
    mutating func renumber() {
        var newOrigins = NameTable(capacity: origins.capacity)
        var newSources = NameTable(capacity: sources.capacity)
        for index in slots.indices {
            slots[index].renumber { newOrigins.number(of: origins.name($0)) }
            slots[index].gate.renumberMembers { newSources.number(of: sources.name($0)) }
            for place in slots[index].records.indices {
                let source = slots[index].records[place].source
                slots[index].records[place].source = source < 0 ? -1 : newSources.number(of: sources.name(source))
            }
        }
        weakWaves.removeAll()
        senders.forget()
        granted.removeAll()
        admission.renumber { [sources] in newSources.number(of: sources.name($0)) }
        openings.renumber { [sources] in newSources.number(of: sources.name($0)) }
        hearings.renumber({ [sources] in newSources.number(of: sources.name($0)) }) { [origins] in
            newOrigins.number(of: origins.name($0))
        }
        originOfSource.removeAll(keepingCapacity: true)
        intervals = SenderIntervals()
        origins = newOrigins
        sources = newSources
    }
}
