import NimmerGate
import NimmerIris
import NimmerWave

// Regions that are seen for the first time wait until their home is decided: outside, where there is a log, or at once in replay (spec/iris.md, Regions
// that mean the same). Waves of regions that are known never come here.

extension Verdict {
    /// Indicates whether the wave waits for the home of its region.
    package var isHeld: Bool { self == .held }
}

extension Thalamus {
    /// Knowledge of the home of a region when one of its waves comes.
    enum HomeKnowledge {
        /// Its home is known.
        case known
        /// None is decided, and its own gate is open: the wave is judged there, and the decision waits.
        case open
        /// None is decided: the wave waits.
        case undecided
    }

    /// Regions that were seen for the first time, and waves whose home another thalamus has; each is returned once.
    package mutating func takeWaiting() -> (fresh: [Region], elsewhere: [(gate: GateID, wave: WaitingWave)]) {
        waiting.takeNew()
    }

    /// Number of regions that wait for a home.
    package var waitingRegions: Int { waiting.count }

    /// The regions that joined another, by their home, in order.
    package func members(of home: Region) -> [Region] {
        guard configuration.joining != nil else { return [] }
        return assignments.keys.filter { $0 != home && self.home(of: $0) == home }.sorted()
    }

    /// Decisions that were made here about regions, in order; nothing where a log is followed.
    package var decidedHere: [RegionAssignment] {
        guard let homes else { return [] }
        return homes.decisions.values.sorted { $0.revision < $1.revision }.map(\.event)
    }

    /// Returns whether the gate of a home is open.
    package func isOpen(_ home: Region) -> Bool { slotOfRegion[home].map { slots[$0].gate.state == .open } ?? false }

    /// The regions that live in others, by the file's rules and then by what was decided.
    package var regionMap: RegionMap {
        guard configuration.joining != nil, !assignments.isEmpty else { return configuration.regions }
        var joined: [Region: [SubjectPattern]] = [:]
        for region in assignments.keys.sorted() where home(of: region) != region {
            guard configuration.regions.declaredHome(of: region) == nil,
                let pattern = try? SubjectPattern(region.text)
            else { continue }
            joined[home(of: region), default: []].append(pattern)
        }
        return RegionMap(
            configuration.regions.rules
                + joined.keys.sorted().map { RegionMap.Rule(region: $0, patterns: joined[$0] ?? []) })
    }

    /// Regions that live in the home of another.
    package var joinedCount: Int { assignments.lazy.filter { $0.key != $0.value }.count }

    /// Lets a region live in a home from now on. Gates keep their states: a wave that comes next is judged there.
    ///
    /// - Parameter home: nil: it is forgotten, and its next wave is as the first.
    package mutating func assign(_ region: Region, to home: Region?) {
        let before = self.home(of: region)
        assignments[region] = home
        guard home == nil || self.home(of: region) != before else { return }
        forgetName(of: region)
        // Whose statements count where follows from homes.
        intervals = SenderIntervals()
    }

    /// Judges the waves that waited for a region's home, each by the time at which it came in.
    ///
    /// - Returns: those that were refused, with the reason.
    package mutating func judgeHeld(of region: Region) -> [(wave: WaitingWave, refusal: Refusal)] {
        isReleasing = true
        defer { isReleasing = false }
        var refused: [(wave: WaitingWave, refusal: Refusal)] = []
        for wave in waiting.take(region) {
            do throws(Refusal) {
                _ = try receive(
                    subject: wave.subject.span.bytes, payload: wave.payload.span.bytes, arrival: wave.arrival)
            } catch { refused.append((wave, error)) }
        }
        return refused
    }

    /// Finds what is known of a region's home; in replay it is decided here.
    ///
    /// - Throws: a ``Refusal`` where the region is new, and its sender brings too many.
    mutating func settleHome(
        _ region: Region, _ source: Int32, _ at: Timestamp, _ arrival: Timestamp?
    ) throws(Refusal) -> HomeKnowledge {
        guard assignments[region] == nil, configuration.regions.declaredHome(of: region) == nil else { return .known }
        if homes != nil {
            decide(region, at: at)
            return .known
        }
        if let slot = slotOfRegion[region], slots[slot].gate.state == .open { return .open }
        // More than there is room for live by themselves, and so do waves that come with no time of arrival.
        guard assignments.count < Homes.limit, let arrival, !isReleasing else { return .known }
        if configuration.boundsNewRegions, !waiting.contains(region), slotOfRegion[region] == nil {
            try admit(region, source, at: Timestamp(nanoseconds: arrival.nanoseconds &- clock.drift))
        }
        return .undecided
    }

    /// Holds a wave until the home of its region is known.
    mutating func hold(_ region: Region, _ subject: RawSpan, _ payload: RawSpan, _ arrival: Timestamp?) {
        // It counts when it is judged.
        counters.waves &-= 1
        if waiting.hold(WaitingWave(subject, payload, arrival: arrival), of: region) {
            counters.held &+= 1
        } else {
            counters.heldDropped &+= 1
        }
    }

    /// Decides at once where a region lives.
    private mutating func decide(_ region: Region, at moment: Timestamp) {
        guard homes?.hasRoom ?? false, let names = configuration.joining?.names, var known = homes else { return }
        // It is changed in place.
        homes = nil
        defer { homes = known }
        let author = Homes.Author("replay", at: moment)
        func answer(_ region: Region) -> Homes.Answer {
            do throws(EmbeddingError) { return .meaning(try names.meaning(of: region)) } catch {
                return .missing("\(error)")
            }
        }
        for name in known.undescribed(by: names.model.name) where known.decisions[name] == nil {
            let event = known.assign(name, answer(name), by: author) { names.relation($0, $1) }
            known.apply(event, revision: known.revision + 1)
        }
        let event = known.assign(region, answer(region), by: author) { names.relation($0, $1) }
        known.apply(event, revision: known.revision + 1)
        assign(region, to: event.home)
    }
}
