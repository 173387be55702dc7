import Glibc
import Seeds
import Testing

@testable import NimmerSensing

/// sensing.md, Across sensors.
@Suite("Multivariate detector")
struct MultivariateTests {
    /// A plant of eight inputs that two hidden factors move, each with a noise of its own.
    struct Plant {
        var random: Seeded
        let loads = [(1.0, 0.0), (0.9, 0.3), (-0.8, 0.5), (0.0, 1.0), (0.4, -0.9), (0.7, 0.7), (-1.0, 0.2), (0.3, 0.9)]
        var factors = (0.0, 0.0)

        init(_ seed: UInt64) { random = Seeded(seed) }

        /// Mean 0, standard deviation 1.
        mutating func noise() -> Double {
            (0..<12).reduce(-6) { sum, _ in sum + Double.random(in: 0..<1, using: &random) }
        }

        mutating func row() -> [Double] {
            factors = (0.8 * factors.0 + 0.6 * noise(), 0.8 * factors.1 + 0.6 * noise())
            return loads.map { load in 50 + load.0 * factors.0 + load.1 * factors.1 + 0.3 * noise() }
        }
    }

    private func learned(_ seed: UInt64) -> (detector: MultivariateDetector, plant: Plant) {
        var plant = Plant(seed)
        var detector = MultivariateDetector(inputs: 8)
        while detector.isLearning { _ = detector.observe(plant.row()) }
        return (detector, plant)
    }

    /// The surest judgement on rows that a plant makes and a fault changes.
    private func surest(
        _ detector: inout MultivariateDetector, _ plant: inout Plant, rows: Int = 60,
        _ fault: (Int, inout [Double]) -> Void
    ) -> (seen: MultivariateObservation, parts: [MultivariateObservation.Contribution]) {
        var best = (MultivariateObservation(), [MultivariateObservation.Contribution]())
        for index in 0..<rows {
            var row = plant.row()
            fault(index, &row)
            guard let seen = detector.observe(row), seen.times > best.0.times else { continue }
            best = (seen, detector.contributions(to: seen.view))
        }
        return best
    }

    @Test(
        "an input that no longer follows the others is seen, though it stays in its own range", arguments: UInt64(1)...5
    )
    func relation(seed: UInt64) {
        var (detector, plant) = learned(seed)
        var other = Plant(seed + 100)
        let (seen, parts) = surest(&detector, &plant) { _, row in row[5] = other.row()[5] }
        #expect(seen.confidence > 0.9)
        #expect(seen.view == .relation)
        #expect(parts.first?.input == 5)
        #expect(parts.count <= 3)
        #expect(parts.allSatisfy { (0...1).contains($0.share) })
    }

    @Test("a shift of all inputs that is small for each of them is seen", arguments: UInt64(1)...5)
    func joint(seed: UInt64) {
        var (detector, plant) = learned(seed)
        let signs = [1.0, -1, 1, 1, 1, -1, 1, -1]
        // Less than a standard deviation of any input, lasting.
        let (seen, _) = surest(&detector, &plant) { _, row in for input in 0..<8 { row[input] += 0.7 * signs[input] } }
        #expect(seen.confidence > 0.9)
    }

    @Test("what it learned stays calm", arguments: UInt64(1)...8)
    func calm(seed: UInt64) {
        var (detector, plant) = learned(seed)
        let (seen, _) = surest(&detector, &plant, rows: 3000) { _, _ in }
        #expect(seen.confidence < 0.9, "\(seen)")
    }

    @Test("one bad row, however wild, wakes nobody", arguments: [1e3, 1e9, -1e100])
    func oneBadRow(size: Double) {
        var (detector, plant) = learned(1)
        let (seen, _) = surest(&detector, &plant, rows: 300) { index, row in
            if index == 50 { for input in 0..<8 { row[input] += size } }
        }
        #expect(seen.confidence < 0.5, "\(seen)")
    }

    @Test("constant inputs, switches and copies of an input are calm, and hide nothing from the others")
    func degenerate() {
        var plant = Plant(4)
        var detector = MultivariateDetector(inputs: 12)
        func row(_ shift: Double = 0) -> [Double] {
            var row = plant.row()
            for input in 0..<8 where shift != 0 { row[input] += shift }
            // A copy, a sum, a switch that follows an input, and one that never moves.
            return row + [row[0], row[1] + row[2], row[3] > 50.5 ? 1 : 0, 7]
        }
        while detector.isLearning { _ = detector.observe(row()) }
        for _ in 0..<1000 {
            let seen = detector.observe(row())
            #expect((seen?.confidence ?? 1) < 0.5)
        }
        // The first step of what was constant is no news; that a copy left its original is.
        for _ in 0..<60 {
            var stepped = row()
            stepped[11] = 8
            let seen = detector.observe(stepped)
            #expect((seen?.confidence ?? 1) < 0.5)
        }
        var best = MultivariateObservation()
        for _ in 0..<40 {
            var parted = row()
            (parted[8], parted[11]) = (parted[8] + 2, 8)
            if let seen = detector.observe(parted), seen.times > best.times { best = seen }
        }
        #expect(best.confidence > 0.9 && best.view == .relation)
    }

    @Test("nothing but constants is calm")
    func constants() {
        var detector = MultivariateDetector(inputs: 3)
        for _ in 0..<600 {
            let seen = detector.observe([1, 0, -5])
            #expect((seen?.confidence ?? 1) < 0.01)
        }
    }

    @Test("values that are missing hold, and rows of which too little is known are skipped and counted")
    func missing() {
        var (detector, plant) = learned(6)
        var random = Seeded(77)
        let (seen, _) = surest(&detector, &plant, rows: 1000) { index, row in
            for input in 0..<8 where random.chance(0.05) { row[input] = .nan }
            if index >= 500 { row[2] = .nan }
        }
        #expect(seen.confidence < 0.5, "\(seen)")
        #expect(detector.leftOut.indices.filter { detector.leftOut[$0] } == [2])
        let taken = detector.samples
        let nothing = detector.observe([Double](repeating: .nan, count: 8))
        #expect(nothing == nil)
        #expect(detector.skipped == 1 && detector.samples == taken)
        for _ in 0..<20 { _ = detector.observe([50, 50, .nan, .nan, .nan, .nan, .nan, .nan]) }
        #expect(detector.skipped > 10)
        // A fault of the others is seen without it.
        let (found, parts) = surest(&detector, &plant) { _, row in (row[2], row[5]) = (.nan, row[5] + 3) }
        #expect(found.confidence > 0.9)
        #expect(parts.first?.input == 5)
    }

    @Test("an excursion at the start does not fill the learned units")
    func transient() {
        var plant = Plant(8)
        var detector = MultivariateDetector(inputs: 8)
        while detector.isLearning {
            let early = detector.samples < 20 ? 60 * (1 - Double(detector.samples) / 20) : 0
            _ = detector.observe(plant.row().map { $0 + early })
        }
        let (quiet, _) = surest(&detector, &plant, rows: 500) { _, _ in }
        #expect(quiet.confidence < 0.5)
        let (seen, _) = surest(&detector, &plant) { _, row in (row[0], row[5]) = (row[0] + 3, row[5] - 3) }
        #expect(seen.confidence > 0.9)
    }

    @Test(
        "a wild value among those it learned from makes no input deaf", arguments: [2, 8, 40],
        [[-999.0], [1e6, 1e6], [-999, -999, -999, 9999]])
    func wildValue(inputs: Int, wild: [Double]) {
        var plant = Plant(9)
        var detector = MultivariateDetector(inputs: inputs)
        func row() -> [Double] { (0..<inputs).flatMap { _ in plant.row().prefix(1) } }
        while detector.isLearning {
            var row = row()
            if (200..<200 + wild.count).contains(detector.samples) { row[1] = wild[detector.samples - 200] }
            _ = detector.observe(row)
        }
        var surest = 0.0
        for _ in 0..<100 {
            var row = row()
            row[1] += 12
            surest = max(surest, detector.observe(row)?.confidence ?? 0)
        }
        #expect(surest > 0.9)
    }

    @Test(
        "a pulse of an input that was constant, over before the components are made again, is no news then or later",
        arguments: [1, 3, 20], [450, 579])
    func pulse(rows: Int, at start: Int) {
        var (plant, detector) = (Plant(10), MultivariateDetector(inputs: 3))
        for index in 0..<3000 {
            let seen = detector.observe(plant.row().prefix(2) + [(start..<start + rows).contains(index) ? 8 : 7])
            #expect((seen?.confidence ?? 1) < 0.5, "row \(index): \(seen.debugDescription)")
        }
    }

    @Test("days, weeks and a year of hourly rows are quiet", arguments: UInt64(1)...3)
    func year(seed: UInt64) {
        var random = Seeded(seed)
        let phases = (0..<10).map { _ in Double.random(in: 0..<6.28, using: &random) }
        let sizes = (0..<10).map { _ in Double.random(in: 0.3..<1.5, using: &random) }
        var detector = MultivariateDetector(inputs: 10)
        var plant = Plant(seed + 7)
        var surprises = 0
        var surprised = false
        for hour in 0..<8760 {
            let own = plant.row()
            var row = (0..<10).map { input in
                sizes[input] * sin(Double(hour) * .pi / 12 + phases[input])
                    + 0.4 * sizes[9 - input] * sin(Double(hour) * .pi / 84 + phases[input])
                    + 0.6 * sin(Double(hour) * .pi / 4380 + phases[input]) + own[input % 8]
            }
            row[8] = row[8] > 50.8 ? 1 : 0
            row[9] = row[9] > 49.2 ? 1 : 0
            guard let seen = detector.observe(row) else { continue }
            if seen.confidence >= 0.5, !surprised { (surprised, surprises) = (true, surprises + 1) }
            if seen.confidence < 0.2 { surprised = false }
        }
        #expect(surprises <= 3)
    }

    @Test("what lasts for as long as it learns is learned again, and then calm")
    func again() {
        var (detector, plant) = learned(9)
        var told = 0
        for _ in 0..<1500 {
            var row = plant.row()
            for input in 0..<8 where input % 2 == 0 { row[input] = 200 - row[input] }
            if detector.observe(row)?.learnedAnew == true { told += 1 }
        }
        #expect(told == 1)
        let (seen, _) = surest(&detector, &plant, rows: 200) { _, row in
            for input in 0..<8 where input % 2 == 0 { row[input] = 200 - row[input] }
        }
        #expect(seen.confidence < 0.5)
    }

    @Test("every result is finite, for any input, and the memory stays where it was", arguments: [2, 7, 64])
    func finite(inputs: Int) {
        var random = Seeded(UInt64(inputs))
        let odd = [
            0, -0.0, Double.leastNonzeroMagnitude, 1e149, -1e149, 1e150, .infinity, -.infinity, .nan,
            .greatestFiniteMagnitude, 1,
        ]
        var settings = MultivariateSettings()
        settings.learningSamples = 20
        var detector = MultivariateDetector(inputs: inputs, settings)
        for round in 0..<400 {
            let row = (0..<inputs).map { _ in
                random.chance(0.5) ? odd[Int.random(in: odd.indices, using: &random)] : Double(round % 5)
            }
            guard let seen = detector.observe(row) else { continue }
            #expect(seen.times.isFinite && seen.times >= 0)
            #expect((0...1).contains(seen.confidence))
            for part in detector.contributions(to: seen.view) {
                #expect(part.share.isFinite && part.value.isFinite && part.normal.isFinite)
            }
        }
        #expect(detector.refused > 0 && detector.samples > 20)
    }

    @Test("twenty rows of forty inputs are little, and still it does not cry wolf")
    func fewRows() {
        var settings = MultivariateSettings()
        settings.learningSamples = 20
        var plants = (UInt64(1)...5).map { Plant($0) }
        var detector = MultivariateDetector(inputs: 40, settings)
        var (surprises, surprised) = (0, false)
        for _ in 0..<500 {
            guard let seen = detector.observe(plants.indices.flatMap { plants[$0].row() }) else { continue }
            if seen.confidence >= 0.9, !surprised { (surprised, surprises) = (true, surprises + 1) }
            if seen.confidence < 0.2 { surprised = false }
        }
        #expect(surprises <= 2)
    }

    @Test("eigenvalues and eigenvectors of a known matrix")
    func eigen() {
        var matrix = SymmetricMatrix(size: 3)
        matrix.elements = [2, -1, 0, -1, 2, -1, 0, -1, 2]
        matrix.diagonalize()
        let values = (0..<3).map { matrix.elements[$0 * 4] }.sorted()
        for (value, expected) in zip(values, [2 - 2.0.squareRoot(), 2, 2 + 2.0.squareRoot()]) {
            #expect(abs(value - expected) < 1e-9)
        }
        for one in 0..<3 {
            for other in 0..<3 {
                let product = (0..<3).reduce(0) { $0 + matrix.vectors[one * 3 + $1] * matrix.vectors[other * 3 + $1] }
                #expect(abs(product - (one == other ? 1 : 0)) < 1e-9)
            }
        }
    }
}
