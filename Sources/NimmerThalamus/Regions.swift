import NimmerGate
import NimmerWave

extension Thalamus {
    /// What stands for a name that cannot be one; the decoder lets none through.
    static let unnamed: Token = {
        guard let token = try? Token("unnamed") else { preconditionFailure("'unnamed' is a token") }
        return token
    }()

    /// The region that a wave's region lives in: that of the first rule that matches, else itself.
    func home(of region: Region) -> Region { configuration.home(of: region) }

    func gateConfiguration(_ region: Region) -> GateConfiguration {
        configuration.gate(region)
    }

    /// The slot of a region, made when it is new.
    mutating func makeSlot(_ region: Region, domain: Token, _ at: Timestamp) -> Int {
        if let known = slotOfRegion[region] { return known }
        slots.append(RegionSlot(region: region, domain: domain, gate: Gate(gateConfiguration(region)), at: at))
        slotOfRegion[region] = slots.count - 1
        return slots.count - 1
    }

    /// Forgets gates that another thalamus looks after from now on, and what they have not said.
    public mutating func forget(where isGone: (GateID) -> Bool) {
        slots.removeAll { isGone($0.gateID) }
        slotOfRegion = Dictionary(uniqueKeysWithValues: slots.indices.map { (slots[$0].region, $0) })
        scheduleAll()
        forgetNames()
    }

    /// Makes room: of the regions, the sixty-fourth part (at least one) that has been silent longest goes.
    mutating func forgetSilent(_ now: Timestamp) {
        advance(to: now)
        let count = max(1, slots.count / 64)
        let order = slots.indices.sorted { (slots[$0].lastWave, $0) < (slots[$1].lastWave, $1) }
        let going = Set(order.prefix(count))
        counters.forgotten += count
        for slot in going { faint[slots[slot].region] = nil }
        slots = slots.indices.filter { !going.contains($0) }.map { slots[$0] }
        slotOfRegion = Dictionary(uniqueKeysWithValues: slots.indices.map { (slots[$0].region, $0) })
        scheduleAll()
        forgetNames()
    }

    /// Starts the numbering of origins and sources anew, keeping those that gates remember: somebody invents names.
    mutating func renumber() {
        var newOrigins = NameTable(capacity: origins.capacity)
        var newSources = NameTable(capacity: sources.capacity)
        for index in slots.indices {
            slots[index].renumber { newOrigins.number(of: origins.name($0)) }
            for place in slots[index].records.indices {
                let source = slots[index].records[place].source
                slots[index].records[place].source = source < 0 ? -1 : newSources.number(of: sources.name(source))
            }
        }
        faint.removeAll()
        originOfSource.removeAll(keepingCapacity: true)
        origins = newOrigins
        sources = newSources
    }
}
