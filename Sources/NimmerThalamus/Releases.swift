import HeapModule
import NimmerGate
import NimmerWave

/// Time at which a gate is to be checked, because it may release by itself then.
struct Release: Sendable, Comparable {
    /// In nanoseconds.
    var at: Int64
    var slot: Int

    static func < (a: Release, b: Release) -> Bool { (a.at, a.slot) < (b.at, b.slot) }
}

// A gate that is open or closed has one entry that counts: the one whose time its slot names. It is never too late. A wave that
// keeps the gate from releasing only makes it too early, which is found out when its time has come, so that such a wave costs
// nothing; one that brings the release nearer gets an entry of its own.

extension Thalamus {
    /// Time at which the next gate releases if nothing arrives; nil when none ever does by itself.
    public var nextRelease: Timestamp? {
        mutating get {
            while let first = releases.min {
                guard slots[first.slot].looksAt == first.at else {
                    releases.removeMin()
                    continue
                }
                let release = release(of: first.slot)
                if release == first.at { return Timestamp(nanoseconds: release) }
                look(at: first.slot, release)
            }
            return nil
        }
    }

    /// Lets time pass: each gate that is not stable releases when its time has come. How often this is called, and how late,
    /// makes no difference to any gate.
    public mutating func advance(to now: Timestamp) {
        while let release = nextRelease, release < now, let first = releases.popMin() {
            slots[first.slot].looksAt = .max
            slots[first.slot].gate.advance(to: release.advanced(nanoseconds: 1), into: &transitions)
            conclude(first.slot)
        }
    }

    /// Schedules a gate no later than its release; after each transition, and after a wave that
    /// brings its release nearer.
    @inline(never)
    mutating func schedule(_ slot: Int) {
        let release = release(of: slot)
        guard release < slots[slot].looksAt || slots[slot].gate.state == .stable else { return }
        if releases.count > 4 * slots.count + 64 { return scheduleAll() }
        look(at: slot, release)
    }

    /// Returns the time at which a gate releases by itself, in nanoseconds; `Int64.max`: never.
    private func release(of slot: Int) -> Int64 { slots[slot].gate.nextRelease?.nanoseconds ?? .max }

    private mutating func look(at slot: Int, _ moment: Int64) {
        slots[slot].looksAt = moment
        if moment < .max { releases.insert(Release(at: moment, slot: slot)) }
    }

    /// Starts again, when slots have moved or too many entries no longer count.
    mutating func scheduleAll() {
        releases = Heap()
        for slot in slots.indices {
            look(at: slot, release(of: slot))
        }
    }
}
