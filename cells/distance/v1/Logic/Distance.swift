import NimmerCell
import NimmerSensing

/// The distance cell: ranges of one sensor, from the bus or from a file, become waves.
public struct Distance<Lines: RangeLines>: NumberCell {
    public static var manifest: Manifest { .distance }
    /// True: nothing is in range.
    public static var takesInfinity: Bool { true }
    private let settings: DistanceSettings
    private let interval: Double
    /// Lines of a file that are looked at for its layout.
    private static var sample: Int { 20 }
    private var ranger: Ranger
    private var sentinels: Sentinels
    private var file: Lines?
    private var column: Int?
    /// Lines of the file that were read to see how it is laid out, the next one last.
    private var pending: [[UInt8]] = []
    /// Number of the file's last line that was taken.
    private var line = 0
    private var reader = TableReader(TableLayout([]))
    /// Its texts, with what they turned out to be: decimal mark and unit.
    private var text: NumberColumn
    private var lastWave: Timestamp?
    private var loggedFaults: Set<Ranger.Fault> = []
    private var hasLoggedMisfit = false

    public init(_ settings: Settings<DistanceOptions>) throws {
        self.settings = try DistanceSettings(settings)
        interval = Double(settings.senseInterval ?? Self.manifest.interval ?? 100)
        ranger = Ranger(settings: self.settings.ranger)
        sentinels = self.settings.sentinels
        text = NumberColumn(decimal: nil, units: self.settings.units)
    }

    public func inputs(in environment: Environment) throws -> [SubjectPattern] {
        if case .subject(let pattern, _) = settings.origin { [pattern] } else { [] }
    }

    public mutating func start(_ pulse: inout Pulse) throws {
        guard case .file(let path, let name, let text) = settings.origin else { return }
        do throws(Refusal) {
            var lines = try Lines(path: path)
            var first: [[UInt8]] = []
            while first.count < Self.sample, let line = lines.next() { first.append(line) }
            guard !first.isEmpty else {
                throw Refusal(.missing, field: "file", "the file \(path) is empty; expected lines of numbers")
            }
            let layout = TableLayout(first.map { $0[...] }, TableOptions(delimiter: text))
            reader = TableReader(layout)
            if let remark = layout.remark { pulse.log(.warning, "The separator is open", ["reason": remark]) }
            pending = first.dropFirst(layout.linesBefore).reversed()
            line = layout.linesBefore
            (file, column) = (
                lines, try DelimitedText.place(of: name, names: layout.names, count: layout.width)
            )
        } catch {
            pulse.leave(error.field == "file" ? .noInput : .configuration, error.description)
        }
    }

    public mutating func receive(_ message: BusMessage, _ pulse: inout Pulse) throws {
        guard case .subject(_, let path) = settings.origin else { return }
        if let refusal = take(text: message.payload, path: path, &pulse) { throw refusal }
    }

    public mutating func read(_ number: Double, _ pulse: inout Pulse) throws {
        if let refused = take(number, &pulse) { throw Refusal(.value, refused.description) }
    }

    public mutating func sense(_ pulse: inout Pulse) throws {
        guard case .file(_, let name, _) = settings.origin, let column, let cells = nextRow(&pulse) else { return }
        let place = "line \(line), column \(name)"
        if reader.lacks(column) {
            take(.nan, &pulse, reason: "the names above it lack the column", at: place)
        } else {
            take(text: Array(cells[column]), &pulse, at: place)
        }
    }

    private mutating func nextRow(_ pulse: inout Pulse) -> [ArraySlice<UInt8>]? {
        while let next = pending.popLast() ?? file?.next() {
            line += 1
            switch reader.take(next[...]) {
            case .row(let cells): return cells
            case .misfit(let found, let expected):
                if !hasLoggedMisfit {
                    pulse.log(
                        .warning, "Lines that are no rows are left out",
                        ["reason": "line \(line): found \(found); expected \(expected)"])
                }
                hasLoggedMisfit = true
            case .names, .aside: break
            }
        }
        if file != nil {
            file?.finish()
            file = nil
            pulse.endReadings()
            pulse.log(.info, "The file has ended")
        }
        return nil
    }

    /// Takes the range in a message or a field; text that is no number is counted as an invalid reading.
    ///
    /// - Returns: why it was refused, if it was.
    @discardableResult
    private mutating func take(
        text bytes: [UInt8], path: String = "", _ pulse: inout Pulse, at place: String? = nil
    ) -> Refusal? {
        do throws(Refusal) {
            let number = try text.anyNumber(in: bytes, path: path)
            return take(number, &pulse, reason: nil, at: place).map { Refusal(.value, field: path, $0.description) }
        } catch {
            take(.nan, &pulse, reason: error.description, at: place)
            return error
        }
    }

    /// Takes a range in the unit of the source, and emits its wave; replay passes recorded ones to it. One that stands for no reading is
    /// counted, and is silence.
    ///
    /// - Returns: why it was refused, if it was.
    @discardableResult
    public mutating func take(_ raw: Double, _ pulse: inout Pulse) -> Ranger.Refused? {
        take(raw, &pulse, reason: nil, at: nil)
    }

    /// - Parameters:
    ///   - reason: why there is no number, where that is known.
    ///   - place: place in its file, for the log.
    @discardableResult
    private mutating func take(
        _ raw: Double, _ pulse: inout Pulse, reason: String?, at place: String?
    ) -> Ranger.Refused? {
        if let sentinel = sentinels.take(raw) {
            pulse.countSentinel("\(sentinel)", isNew: sentinel.isNew)
            return nil
        }
        pulse.countReading()
        switch ranger.read(raw, at: pulse.at) {
        case .failure(let refused):
            if loggedFaults.insert(refused.fault).inserted {
                var values = ["fault": refused.fault.rawValue, "reason": reason ?? "\(refused)"]
                values["at"] = place
                pulse.log(.warning, "Ranges are refused", values)
            }
            return refused
        case .success(let judged):
            // The tenth leaves room for the jitter of a source that keeps this very pace.
            if let lastWave, pulse.at.milliseconds(since: lastWave) < 0.9 * interval { return nil }
            lastWave = pulse.at
            pulse.emit(confidence: judged.confidence, content(judged), cost: Self.manifest.cost("sense"))
            return nil
        }
    }

    private func content(_ judged: Ranger.Judgement) -> JSON {
        guard var object = judged.content(sector: settings.sector).object, !ranger.refused.isEmpty else {
            return judged.content(sector: settings.sector)
        }
        object["refused"] = .object(
            JSONObject(
                Ranger.Fault.allCases.compactMap { fault in
                    ranger.refused[fault].map { JSONObject.Member(fault.rawValue, .number(Double($0))) }
                }))
        return .object(object)
    }
}
