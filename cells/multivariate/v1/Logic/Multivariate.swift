import NimmerCell
import NimmerSensing

/// A cell that looks across sensors: several streams of numbers, turned into confidence that they no longer go together as they did
/// (sensing.md, Across sensors).
///
/// LEARNING until it knows what is normal, then CALM, and SURPRISED from a confidence of 0.5 until it is below the floor. One witness, however many inputs.
public struct Multivariate: RowCell, Learner {
    public typealias Options = MultivariateOptions
    public static let manifest = Manifest.multivariate
    public static let initialState = SensingState.learning.rawValue

    /// Names of its inputs.
    public private(set) var names: [String]
    /// State.
    public internal(set) var state = SensingState.learning
    /// Detector with what it has learned.
    package internal(set) var detector: MultivariateDetector

    /// Source and settings of learning, in words: what was learned under others is not taken over.
    public let learnsFrom: String

    let source: Source
    let path: String
    let delimiter: DelimitedText?
    let decimal: DecimalMark?
    let follows: Bool
    let pause: Int
    private let floor: Double
    private let places: [String: Int]
    private var gathering: RowGathering
    private var isSilent: [Bool]
    /// Texts of each input, with what they turned out to be: decimal mark and unit.
    private var texts: [NumberColumn]
    /// Inputs that have stated that nothing was measured.
    private var gapsOf: Set<Int> = []

    /// Source of its rows.
    enum Source: Sendable, Hashable {
        /// Messages on the bus, an input each.
        case subjects([SubjectPattern])
        /// The lines of a file.
        case file(String, columns: [String])
        /// Nowhere: the caller passes them in, as replay does.
        case none
    }

    /// A cell that has seen nothing.
    public init(_ settings: Settings<MultivariateOptions>) throws {
        let (subjects, columns) = (settings.subjects, settings.columns)
        names = columns.isEmpty ? subjects : columns
        try Self.check(names, columns.isEmpty ? "subjects" : "columns")
        if !subjects.isEmpty, !columns.isEmpty, subjects.count != columns.count {
            throw Refusal(
                .value, field: "columns", "columns name the subjects, so there must be \(subjects.count) of them",
                found: "\(columns.count)")
        }
        let heard = try subjects.map { text throws(Refusal) in try Subject(given: text) }
        if let file = settings.file {
            guard subjects.isEmpty else {
                throw Refusal(
                    .value, field: "file", "only one of subjects and file may be set", found: "subjects and file")
            }
            source = .file(file, columns: columns)
        } else if subjects.isEmpty {
            source = .none
        } else {
            source = .subjects(heard.map { SubjectPattern($0) })
        }
        places = Dictionary(zip(heard.map(\.text), heard.indices)) { first, _ in first }
        guard places.count == subjects.count else {
            throw Refusal(.value, field: "subjects", "each subject must stand once", found: "one twice")
        }
        try NumberPath.check(settings.path)
        path = settings.path ?? ""
        delimiter = try settings.delimiter.map { text in try DelimitedText(delimiter: text) }
        follows = settings.follow
        pause = settings.row
        floor = settings.floor
        var tuning = MultivariateSettings()
        tuning.learningSamples = settings.learningSamples
        detector = MultivariateDetector(inputs: names.count, tuning)
        learnsFrom = Self.words(settings, tuning)
        gathering = RowGathering(inputs: names.count)
        isSilent = [Bool](repeating: false, count: names.count)
        decimal = try settings.decimal.map { text throws(Refusal) in try DecimalMark(text) }
        texts = [NumberColumn](repeating: NumberColumn(decimal: decimal), count: names.count)
    }

    private static func check(_ names: [String], _ field: String) throws(Refusal) {
        let bounds = MultivariateSettings.inputs
        guard bounds.contains(names.count) else {
            throw Refusal(
                .value, field: field,
                "subjects or columns must name \(bounds.lowerBound) to \(bounds.upperBound) inputs",
                found: "\(names.count)")
        }
        guard Set(names).count == names.count else {
            let twice = names.first { name in names.count { $0 == name } > 1 } ?? ""
            throw Refusal(.value, field: field, "each of the \(field) must stand once", found: "'\(twice)' twice")
        }
    }

    public func inputs(in environment: Environment) throws -> [SubjectPattern] {
        if case .subjects(let patterns) = source { patterns } else { [] }
    }

    public mutating func receive(_ message: BusMessage, _ pulse: inout Pulse) throws {
        guard let input = places[message.subject.text] else {
            throw Refusal(.value, "expected one of the subjects", found: "\(message.subject)")
        }
        guard let number = try texts[input].reading(in: message.payload, path: path) else {
            let isNew = gapsOf.insert(input).inserted
            return pulse.countSentinel(
                "a message of '\(names[input])' which states that nothing was measured", isNew: isNew)
        }
        try read(number, of: input, &pulse)
    }

    /// Takes the number of one input, and judges the row that it completes.
    ///
    /// - Throws: a `Refusal` for a number that no sensor measures; the row waits for another then.
    public mutating func read(_ number: Double, of input: Int, _ pulse: inout Pulse) throws {
        guard names.indices.contains(input) else {
            throw Refusal(.value, field: "input", "there are \(names.count) inputs, from 0 on", found: "\(input)")
        }
        guard number.isNaN || Detector.accepts(number) else { throw refusal(of: number, input) }
        if gathering.isClosed(by: input, at: pulse.at) { readGathered(&pulse) }
        gathering.take(number, of: input, at: pulse.at)
        if gathering.isComplete { readGathered(&pulse) }
    }

    private mutating func readGathered(_ pulse: inout Pulse) {
        judge(gathering.row, &pulse)
        gathering.clear()
    }

    private func refusal(of number: Double, _ input: Int) -> Refusal {
        let refusal = Detector.refusal(of: number)
        return Refusal(.value, "\(refusal.message) for '\(names[input])'", found: refusal.found)
    }

    /// Names the inputs as the file does.
    mutating func call(_ names: [String]) { self.names = names }

    /// Takes a row, and emits a wave when its confidence reaches the floor.
    ///
    /// - Throws: a `Refusal` where it holds a number that no sensor measures; the rest of the row was judged then.
    public mutating func read(_ row: [Double], _ pulse: inout Pulse) throws {
        judge(row, &pulse)
        guard row.count == names.count,
            let bad = row.firstIndex(where: { !$0.isNaN && !Detector.accepts($0) })
        else { return }
        throw refusal(of: row[bad], bad)
    }

    private mutating func judge(_ row: [Double], _ pulse: inout Pulse) {
        guard row.count == names.count else { return }
        pulse.countReading()
        let seen = detector.observe(row)
        noteSilence(&pulse)
        pulse.showProgress(detector.samples, of: detector.settings.learningSamples)
        guard let seen else { return }
        enter(seen, &pulse)
        guard seen.confidence >= floor, seen.confidence > 0 else { return }
        pulse.emit(confidence: seen.confidence, content(of: seen))
    }

    private mutating func noteSilence(_ pulse: inout Pulse) {
        guard isSilent != detector.leftOut else { return }
        for input in names.indices where detector.leftOut[input] != isSilent[input] {
            isSilent[input].toggle()
            if isSilent[input] {
                pulse.log(.warning, "An input is silent and left out", ["input": names[input]])
            } else {
                pulse.log(.info, "An input speaks again", ["input": names[input]])
            }
        }
        pulse.nameSilent(names.indices.filter { isSilent[$0] }.map { names[$0] })
    }

    private mutating func enter(_ seen: MultivariateObservation, _ pulse: inout Pulse) {
        let next =
            seen.learnedAnew
            ? .calm : state.next(seen.confidence, isLearning: detector.isLearning, floor: floor)
        guard next != state else { return }
        let reason =
            switch next {
            case .learning: "still learning what is normal"
            case .calm where seen.learnedAnew: "it lasted, and is normal from now on"
            case .calm: "\(names.count) inputs go together as they did"
            case .surprised: sentence(of: seen)
            }
        pulse.enter(next.rawValue, reason: reason)
        state = next
    }

    /// Content of a wave: the louder view, how many times the worst that was learned, what contributed most, and what is not known.
    private func content(of seen: MultivariateObservation) -> JSON {
        let parts = detector.contributions(to: seen.view).map { part in
            JSON.object([
                "input": .string(names[part.input]), "share": .number((part.share * 100).rounded() / 100),
                "value": .number(short(part.value)), "normal": .number(short(part.normal)),
            ])
        }
        var content: JSONObject = [
            "view": .string(seen.view.rawValue), "times": .number(short(seen.times)), "contributions": .array(parts),
        ]
        let missing = names.indices.filter { isSilent[$0] }
        if !missing.isEmpty { content["missing"] = .array(missing.map { .string(names[$0]) }) }
        return .object(content)
    }

    /// The same as a one-line description.
    private func sentence(of seen: MultivariateObservation) -> String {
        let most = detector.contributions(to: seen.view).map { names[$0.input] }.joined(separator: ", ")
        let what = seen.view == .joint ? "together further from normal" : "further from going together"
        return "\(what) than learned, \(short(seen.times)) times the worst; most of it \(most)"
    }
}
