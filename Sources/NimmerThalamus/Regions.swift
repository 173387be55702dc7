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

    /// The slot of a region, made when it is new; where there is no room, in the place of one that has been silent for long.
    mutating func makeSlot(_ region: Region, domain: Token, _ at: Timestamp) -> Int {
        if let known = slotOfRegion[region] { return known }
        let made = RegionSlot(region: region, domain: domain, gate: Gate(gateConfiguration(region)), at: at)
        guard slots.count >= configuration.maximumRegions, let place = silent(at) else {
            slots.append(made)
            slotOfRegion[region] = slots.count - 1
            return slots.count - 1
        }
        forget(place)
        slots[place] = made
        slotOfRegion[region] = place
        return place
    }

    /// Forgets gates that another thalamus looks after from now on, and what they have not said.
    public mutating func forget(where isGone: (GateID) -> Bool) {
        slots.removeAll { isGone($0.gateID) }
        slotOfRegion = Dictionary(uniqueKeysWithValues: slots.indices.map { (slots[$0].region, $0) })
        scheduleAll()
        forgetNames()
    }

    /// How many regions are looked at for one to forget, so that a sender that invents regions costs no more than that.
    private static let considered = 32

    /// The region to forget when there is no room: of the next few that rest, one that never opened, else any; of these the one
    /// that has been silent longest. A gate that is open or closed is forgotten only when all are, since nobody would say its
    /// release.
    private mutating func silent(_ now: Timestamp) -> Int? {
        advance(to: now)
        var found: (place: Int, hasOpened: Bool, lastWave: Timestamp)?
        var (left, unseen) = (Self.considered, slots.count)
        while left > 0, unseen > 0 {
            unseen -= 1
            hand = hand + 1 < slots.count ? hand + 1 : 0
            guard slots[hand].gate.state == .stable else { continue }
            left -= 1
            let (hasOpened, lastWave) = (slots[hand].hasOpened, slots[hand].lastWave)
            if let known = found, known.hasOpened == hasOpened ? known.lastWave <= lastWave : hasOpened { continue }
            found = (hand, hasOpened, lastWave)
        }
        return found?.place ?? slots.indices.min { slots[$0].lastWave < slots[$1].lastWave }
    }

    /// Forgets what is known of a slot's region: another takes its place.
    private mutating func forget(_ slot: Int) {
        counters.forgotten += 1
        faint[slots[slot].region] = nil
        slotOfRegion[slots[slot].region] = nil
        forgetNames(of: slot)
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
        senders.forget()
        originOfSource.removeAll(keepingCapacity: true)
        origins = newOrigins
        sources = newSources
    }
}
