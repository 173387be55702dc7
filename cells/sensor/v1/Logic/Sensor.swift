import NimmerCell
import NimmerSensing

/// A sensor: any stream of numbers, turned into confidence that something lasting has changed (sensing.md).
///
/// LEARNING until it knows what is normal, then CALM, and SURPRISED from a confidence of 0.5 until it is below the floor.
public struct Sensor: NumberCell, Learner {
    public typealias Options = SensorOptions
    public static let manifest = Manifest.sensor
    public static let initialState = State.learning.rawValue

    public typealias State = SensingState

    /// Source of its numbers.
    public let source: SensorSource
    /// State.
    public internal(set) var state = State.learning
    /// Detector with what it has learned.
    public internal(set) var detector: Detector
    /// Its twin, which reports changes to people; nil where the setting `changes` turns it off.
    public internal(set) var changes: ChangeDetector?

    /// Source and settings of learning, in words: what was learned under others is not taken over.
    public let learnsFrom: String

    let path: String
    let column: String?
    let delimiter: DelimitedText?
    let follows: Bool
    let pause: Int
    private let floor: Double
    /// Its texts, with what they turned out to be: decimal mark and unit.
    private var text: NumberColumn
    let decimal: DecimalMark?
    private var sentinels: Sentinels
    private var hasSeenGap = false
    /// Number of the last line of its command, or of its file without columns.
    private var line = 0

    /// A sensor that has seen nothing.
    public init(_ settings: Settings<SensorOptions>) throws {
        source = try SensorSource(settings)
        try NumberPath.check(settings.path)
        path = settings.path ?? ""
        column = settings.column
        delimiter = try settings.delimiter.map { text in try DelimitedText(delimiter: text) }
        decimal = try settings.decimal.map { text throws(Refusal) in try DecimalMark(text) }
        text = NumberColumn(decimal: decimal)
        follows = settings.follow
        pause = settings.row
        floor = settings.floor
        sentinels = try Sentinels(
            minimum: settings.minimum, maximum: settings.maximum, ignore: settings.ignore)
        var tuning = DetectorSettings()
        tuning.learningSamples = settings.learningSamples
        try tuning.validate()
        detector = Detector(tuning)
        learnsFrom = Self.words(settings, tuning)
        changes = settings.changes ? ChangeDetector(ChangeSettings(of: tuning)) : nil
    }

    public func inputs(in environment: Environment) throws -> [SubjectPattern] {
        if case .subject(let pattern) = source { [pattern] } else { [] }
    }

    public mutating func receive(_ message: BusMessage, _ pulse: inout Pulse) throws {
        try read(message.payload, &pulse)
    }

    /// Reads its texts as the first rows of a file turned out to be written.
    mutating func read(as numbers: TableNumbers) { text = numbers.columns[0] }

    /// Takes a message or a line with a number. One that states that nothing was measured (`unavailable`) is counted, and teaches it nothing.
    ///
    /// - Throws: a `Refusal` that names what was found instead.
    mutating func read(_ bytes: [UInt8], path: String? = nil, _ pulse: inout Pulse) throws {
        guard let number = try text.reading(in: bytes, path: path ?? self.path) else {
            defer { hasSeenGap = true }
            return pulse.countSentinel(Self.gap, isNew: !hasSeenGap)
        }
        try read(number, &pulse)
    }

    /// Takes the next line of its command, or of its file without columns.
    ///
    /// - Throws: a `PlacedFailure` with the line's number.
    mutating func read(nextLine bytes: [UInt8], path: String, _ pulse: inout Pulse) throws {
        line += 1
        try PlacedFailure.at("line \(line)") { try read(bytes, path: path, &pulse) }
    }

    /// The next line is the first one of its command.
    mutating func beginLines() { line = 0 }

    private static let gap = "a message which states that nothing was measured"

    /// Takes a number, and emits a wave when its confidence reaches the floor. What the twin makes of it follows, and changes nothing of that.
    /// A value that stands for no reading is counted, and teaches it nothing.
    ///
    /// - Throws: a `Refusal` for a number that no sensor measures.
    public mutating func read(_ number: Double, _ pulse: inout Pulse) throws {
        if let sentinel = sentinels.take(number) {
            return pulse.countSentinel("\(sentinel)", isNew: sentinel.isNew)
        }
        guard Detector.accepts(number) else {
            _ = detector.observe(number, missing: pulse.missing)
            throw Detector.refusal(of: number)
        }
        pulse.countReading()
        guard let seen = detector.observe(number, missing: pulse.missing) else { return }
        pulse.showProgress(detector.age, of: detector.settings.learningSamples)
        enter(next(seen), seen, &pulse)
        if seen.confidence >= floor, seen.confidence > 0 { pulse.emit(confidence: seen.confidence, seen.content) }
        guard let change = changes?.observe(number, at: pulse.at, interval: pulse.interval, missing: pulse.missing)
        else { return }
        pulse.report(change.edge, of: change.seen)
    }

    private func next(_ seen: Observation) -> State {
        state.next(seen.confidence, isLearning: detector.isLearning, floor: floor)
    }

    private var learningReason: String {
        switch detector.relearns {
        case nil: "still learning what is normal"
        case .loud: "loud for \(detector.settings.learningSamples) readings: learns again what is normal"
        case .moves: "it hardly moved while it learned, and moves now: learns again what is normal"
        }
    }

    private mutating func enter(_ next: State, _ seen: Observation, _ pulse: inout Pulse) {
        guard next != state else { return }
        let reason =
            switch next {
            case .learning: learningReason
            case .calm: "normal is about \(short(seen.normal))"
            case .surprised: seen.sentence
            }
        pulse.enter(next.rawValue, reason: reason)
        state = next
    }
}

extension Pulse {
    /// Reports a change with what was seen, rounded as in a wave.
    mutating func report(_ edge: ChangeEdge, of seen: Observation) {
        report(
            edge, view: seen.view.rawValue, value: seen.value, normal: short(seen.normal), times: short(seen.times),
            direction: seen.isAbove ? .above : .below, confidence: seen.confidence,
            spread: seen.view == .spread ? (short(seen.spread), short(seen.normalSpread)) : nil)
    }
}
