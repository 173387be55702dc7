import NimmerSystem
import NimmerWave
import Testing

@testable import NimmerThalamus

/// New regions at a bounded rate, and who goes when there is no room (decision 0018).
@Suite("New regions")
struct RegionAdmissionTests {
    /// A flood of new regions beside honest cells: how many of each were admitted.
    private func admitted(
        _ admission: inout RegionAdmission, _ source: Int32, _ count: Int, at milliseconds: Double,
        isDeclared: Bool = false
    ) -> Int {
        (0..<count).count { _ in
            admission.admits(source, at: Bench.epoch.advanced(milliseconds: milliseconds)) { isDeclared }
        }
    }

    @Test("a sender has its burst, and then its rate")
    func ownRate() {
        var admission = RegionAdmission(maximumRegions: 10_000)
        #expect(admitted(&admission, 1, 10_000, at: 0) == 1024)
        #expect(admitted(&admission, 1, 10_000, at: 1000) == 64)
        #expect(admitted(&admission, 1, 10_000, at: 500) == 0, "a clock that goes back gives nothing")
        #expect(admitted(&admission, 1, 10_000, at: 1e9) == 1024, "a pause gives a burst and no more")
        var small = RegionAdmission(maximumRegions: 400)
        #expect(admitted(&small, 1, 10_000, at: 0) == 50)
    }

    @Test("however many do so together, one that never made a region gets its first ones")
    func colluders() {
        var admission = RegionAdmission(maximumRegions: 1_000_000)
        var total = 0
        for second in 0..<20 {
            for source in 0..<500 {
                total += admitted(&admission, Int32(source), 100, at: Double(second) * 1000)
            }
            let newcomer = Int32(1000 + second)
            #expect(admitted(&admission, newcomer, 4, at: Double(second) * 1000) == 4, "second \(second)")
        }
        #expect(total <= 8192 + 20 * 1024)
    }

    @Test("a cell of the system file gets its first ones even when nothing is left for strangers")
    func declared() {
        var admission = RegionAdmission(maximumRegions: 1_000_000)
        for source in 0..<5_000 { _ = admitted(&admission, Int32(source), 4, at: 0) }
        #expect(admitted(&admission, 60_000, 4, at: 0) == 0)
        #expect(admitted(&admission, 60_001, 100, at: 0, isDeclared: true) == RegionAdmission.first)
        #expect(admission.senders <= RegionAdmission.tracked + 1)
    }

    @Test("invented senders take no more memory than there is for them, and are forgotten when their buckets are full")
    func memory() {
        var admission = RegionAdmission(maximumRegions: 10_000)
        for source in 0..<20_000 { _ = admitted(&admission, Int32(source), 1, at: Double(source)) }
        #expect(admission.senders <= RegionAdmission.tracked)
        #expect(admitted(&admission, 200_000, 10, at: 20_000) == 10)
    }

    @Test("numbers change, what a sender has used does not")
    func renumbering() {
        var admission = RegionAdmission(maximumRegions: 10_000)
        #expect(admitted(&admission, 7, 2000, at: 0) == 1024)
        admission.renumber { $0 == 7 ? 3 : -1 }
        #expect(admitted(&admission, 3, 2000, at: 0) == 0)
        #expect(admitted(&admission, 7, 10, at: 0) == 10)
    }

    @Test(
        "in the thalamus: what is too much is refused and counted, regions that are there cost nothing, and others go on"
    )
    func inTheThalamus() throws {
        var bench = Bench()
        var refused = 0
        for index in 0..<5000 {
            let now = Double(index) / 10
            do { try bench.wave("mad", 0.9, at: now, domain: "r\(index)", arrival: now) } catch let refusal as Refusal {
                refused += 1
                #expect(refusal.code == .rate && refusal.message.hasPrefix("limited: "))
            }
        }
        #expect(refused > 3900 && bench.thalamus.counters.refusedRegions == refused)
        #expect(bench.thalamus.counters.rejected == refused && bench.thalamus.regionCount == 5000 - refused)
        for _ in 0..<3000 { try bench.wave("mad", 0.9, at: 501, domain: "r0", arrival: 501) }
        try bench.wave("ann", 0.9, at: 502, domain: "honest", arrival: 502)
        try bench.wave("ben", 0.9, at: 503, domain: "honest", arrival: 503)
        #expect(bench.take().map(\.transition.region.text) == ["honest"])
    }

    @Test("a region that the system file declares is always made")
    func declaredRegion() throws {
        var bench = Bench {
            $0.regions = RegionMap([.init(region: try! Region("plant"), patterns: [try! SubjectPattern("plant.>")])])
        }
        for index in 0..<3000 { _ = try? bench.wave("mad", 0.9, at: 0, domain: "r\(index)", arrival: 0) }
        #expect(throws: Refusal.self) { try bench.wave("mad", 0.9, at: 0, domain: "one-more", arrival: 0) }
        try bench.wave("mad", 0.9, at: 0, region: "plant.pump", arrival: 0)
        #expect(bench.thalamus.gates(at: Bench.epoch).contains { $0.region.text == "plant" })
    }

    @Test("gates that earned or lost trust go last, those that are open before them, the others by their silence")
    func whoGoes() throws {
        var bench = Bench { $0.maximumRegions = 20 }
        for name in ["earned", "lost", "still"] {
            try bench.wave("a", 0.9, at: 0, domain: name)
            try bench.wave("b", 0.9, at: 1, domain: name)
        }
        bench.thalamus.learn(.confirmed, opening: .named("earned"), gate: try GateID("earned"))
        bench.thalamus.learn(.failed, opening: .named("lost"), gate: try GateID("lost"))
        bench.thalamus.advance(to: Bench.epoch.advanced(milliseconds: 60_000))
        try bench.wave("a", 0.9, at: 60_000, domain: "open")
        try bench.wave("b", 0.9, at: 60_001, domain: "open")
        for index in 0..<500 { try bench.wave("mad", 0.9, at: 60_002 + Double(index), domain: "r\(index)") }
        func known() -> Set<String> {
            Set(bench.thalamus.gates(at: Bench.epoch.advanced(milliseconds: 61_000)).map(\.region.text))
        }
        #expect(known().isSuperset(of: ["earned", "lost", "open", "still", "r499"]) && known().count == 20)
        // Two that agree open each of theirs: then these hold the table, and still nothing that was earned goes.
        for index in 0..<500 {
            let at = 61_000 + Double(index) * 5
            try bench.wave("mad", 0.9, at: at, domain: "o\(index)")
            try bench.wave("madder", 0.9, at: at + 1, domain: "o\(index)")
        }
        #expect(known().isSuperset(of: ["earned", "lost"]) && known().count == 20)
        // A newcomer among them is not the next to go.
        try bench.wave("ann", 0.9, at: 64_000, domain: "honest")
        for index in 0..<10 {
            try bench.wave("mad", 0.9, at: 64_001 + Double(index), domain: "p\(index)")
            try bench.wave("madder", 0.9, at: 64_001.5 + Double(index), domain: "p\(index)")
        }
        _ = bench.take()
        try bench.wave("ben", 0.9, at: 64_020, domain: "honest")
        #expect(bench.take().map(\.transition.region.text) == ["honest"])
    }
}
