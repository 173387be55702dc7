import NimmerOutput
import NimmerSensing
import NimmerThalamus
import NimmerWave

/// A recording that is one JSON object a line (NDJSON), or one array of objects. A key in an object within has its path as its name:
/// `AM2301.temperature`.
struct ObjectRecording {
    let file: String
    let format: ReplayFormat
    /// The names of the keys that hold no object, in the order of the first that were found.
    private(set) var names: [String] = []

    private var lines: [(number: Int, content: [UInt8])] = []
    private var badLines: RecordingReport
    /// Places of the keys that hold the time of a row; none where it has no time.
    private(set) var timePlaces: [Int] = []
    private var labelPlace: Int?
    /// Names that cells can read: the keys, or the entities where a key names them.
    private(set) var columns: [String] = []
    private var entityName: String?
    /// Indicates whether an object without the entity is about that of the object before, as in Home Assistant's shortened answers.
    private let inheritsEntity: Bool
    private var valueName = ""

    /// - Parameter bad: lines that were left out before.
    init(_ objects: ObjectLines, _ bad: RecordingReport, file: String, format: ReplayFormat) throws(Failure) {
        (badLines, self.file, self.format) = (bad, file, format)
        inheritsEntity = objects.areElements
        var known: Set<String> = []
        var samples: [JSON] = []
        for line in objects.lines {
            if let misfit = TextEncoding.misfit(line.content[...]) {
                badLines.refuse("\(file):\(line.number)", found: misfit, expected: "one JSON object a line")
                continue
            }
            guard let json = try? JSON(lenient: line.content), let object = json.object else {
                badLines.refuseObject(file, line.number)
                badLines.isCut = objects.isUnfinished && line.number == objects.lines.last?.number
                continue
            }
            lines.append(line)
            Self.collect(object, "", &names, &known)
            if samples.count < 200 { samples.append(json) }
        }
        let texts = samples.map { json in names.map { name in Self.value(name, in: json).map(Self.text) ?? "" } }
        timePlaces = try TimeColumns.find(names, texts, format, file, &badLines.remarks)
        if let wanted = format.labelColumn { labelPlace = try columnPlace(wanted, "label", names, file) }
        columns = names
        guard let wanted = format.entityColumn else { return }
        let place = try columnPlace(wanted, "entity", names, file)
        entityName = names[place]
        let samples20 = Array(texts.prefix(20))
        valueName = names[try TableRecording.valuePlace(names, samples20, [place] + timePlaces, format, file)]
        var entities: Set<String> = []
        columns = lines.compactMap { line in
            let entity = (try? JSON(lenient: line.content)).flatMap { Self.value(names[place], in: $0) }.map(Self.text)
            return entity.flatMap { entities.insert($0).inserted ? $0 : nil }
        }
    }

    var hasTimes: Bool { !timePlaces.isEmpty }

    private static func collect(
        _ object: JSONObject, _ prefix: String, _ names: inout [String], _ known: inout Set<String>
    ) {
        for member in object.members {
            let name = prefix + member.key
            if let inner = member.value.object {
                collect(inner, name + ".", &names, &known)
            } else if known.insert(name).inserted {
                names.append(name)
            }
        }
    }

    /// The value of a key, or at a path of keys and places.
    private static func value(_ name: String, in json: JSON) -> JSON? {
        if let value = json[name] { return value }
        var json = json
        for step in name.split(separator: ".") {
            guard let next = json[String(step)] ?? Int(step).flatMap({ json[$0] }) else { return nil }
            json = next
        }
        return json
    }

    private static func text(_ json: JSON) -> String {
        json.string ?? json.double.flatMap { Int64(exactly: $0).map(String.init) ?? String($0) } ?? json.kind
    }

    /// Returns whether any line has a value at a path that is no name: one into an array.
    func has(_ path: String) -> Bool {
        lines.contains { line in (try? JSON(lenient: line.content)).flatMap { Self.value(path, in: $0) } != nil }
    }

    /// Reads the rows; a key that a line lacks is no part of its row.
    func read(_ wanted: [WantedColumn], pace: Double, isStrict: Bool, _ report: inout RecordingReport)
        throws(Failure) -> RecordedRows
    {
        var (rows, columns, found) = load(wanted, wanted.map { _ in format.table.decimal }, pace)
        if let decided = columns.marks(groupsWithCommas: false) { (rows, columns, found) = load(wanted, decided, pace) }
        report = found
        try report.check(rows: rows.count)
        if isStrict { try columns.report(file, &report) }
        rows.given = columns.given
        return rows
    }

    private func load(
        _ wanted: [WantedColumn], _ marks: [DecimalMark?], _ pace: Double
    ) -> (RecordedRows, RecordedColumns, RecordingReport) {
        var columns = RecordedColumns(wanted, marks: marks)
        var rows = RecordedRows(width: wanted.count)
        var report = badLines
        var times = TimeReader(format, pace: pace)
        var before = ""
        for line in lines {
            guard let json = try? JSON(lenient: line.content) else { continue }
            let entity = entityName.map { Self.value($0, in: json).map(Self.text) ?? (inheritsEntity ? before : "") }
            let group = entity.map { entity in wanted.firstIndex { $0.name == entity } }
            before = entity ?? ""
            if case .some(nil) = group { continue }
            let numbers = wanted.enumerated().map { place, column in
                guard entity == nil || entity == column.name else { return RecordedRows.absent }
                return Self.value(entity == nil ? column.name : valueName, in: json).map {
                    columns.number(place, $0, line: line.number)
                } ?? RecordedRows.absent
            }
            let at = time(json, line.number, &times, &report)
            let label = labelPlace.map { place in Self.value(names[place], in: json).map { $0.string ?? $0.text } ?? ""
            }
            rows.add(numbers, at: at, later: times.later, line: line.number, label: label, group: group ?? nil)
        }
        return (rows, columns, report)
    }

    private func time(_ json: JSON, _ line: Int, _ times: inout TimeReader, _ report: inout RecordingReport)
        -> Timestamp?
    {
        guard !timePlaces.isEmpty else { return times.paced() }
        let parts = timePlaces.map { Self.value(names[$0], in: json) }
        let text = TimeColumns.text(parts.compactMap { $0.map(Self.text) })
        if !parts.contains(where: { $0 == nil }), let moment = times.moment(text) { return moment }
        let found = text.isEmpty ? "no '\(names[timePlaces[0]])'" : "the time '\(text.cut(to: 60))'"
        report.refuseTime("\(file):\(line)", found: found, expected: format.timeFormat.expectation)
        return nil
    }
}

/// A recording of messages, a ``RecordedMessage`` a line.
struct MessageRecording {
    private let format: ReplayFormat
    private let numbers: [Int]
    private let messages: [RecordedMessage?]

    /// Reads all lines; a report notes those that are no messages.
    init(_ objects: ObjectLines, file: String, format: ReplayFormat, _ report: inout RecordingReport) {
        self.format = format
        numbers = objects.lines.map(\.number)
        var messages: [RecordedMessage?] = []
        for line in objects.lines {
            do throws(RecordedMessage.Misfit) {
                messages.append(try RecordedMessage.read(line: line.content[...], times: format.timeFormat))
            } catch {
                messages.append(nil)
                let place = "\(file):\(line.number)"
                if error.kind == .noTime {
                    report.refuseTime(place, found: error.found, expected: error.expected)
                } else {
                    report.refuse(place, found: error.found, expected: error.expected)
                    report.isCut =
                        error.kind == .notJSON && objects.isUnfinished && line.number == objects.lines.last?.number
                }
            }
        }
        self.messages = messages
    }

    var count: Int { messages.count }

    /// The times of all messages; nil for what cannot be read.
    var times: [Timestamp?] { messages.map { $0?.at } }

    func number(of place: Int) -> Int { numbers[place] }

    /// The gates of which the recording holds accepted outcomes.
    var judgedGates: Set<GateID> {
        Set(
            messages.lazy.compactMap { message in
                guard let message, message.subject.hasSuffix(".outcome") else { return nil }
                return (try? Subject(foreign: message.subject)).flatMap { GateID(accepted: $0) }
            })
    }

    /// The subject of a line, shortened.
    func subject(_ place: Int) -> String { messages[place]?.subject.cut(to: 200) ?? "" }

    /// The event of a line; nil for a message that a replay does not take.
    func event(_ place: Int, at: Timestamp) -> ReplayEvent? {
        guard let message = messages[place] else { return nil }
        let parts = message.subject.split(separator: ".", omittingEmptySubsequences: false)
        if parts.count == 5, parts[1] == "nervous", parts[2] == "gates", parts[4] == "outcome",
            let subject = try? Subject(foreign: message.subject)
        {
            return .outcome(subject: subject, payload: message.payload, at: at)
        }
        guard parts.count == 5, parts[1] == "nervous", parts[2] == "cells" || parts[2] == "nerves",
            let name = try? Token(String(parts[3]))
        else { return nil }
        if parts[4] == "change", format.readsChanges, let subject = try? Subject(foreign: message.subject) {
            return .change(subject: subject, payload: message.payload, at: at)
        }
        guard parts[4] == "wave" else { return nil }
        return .wave(cell: name, isNerve: parts[2] == "nerves", payload: message.payload, at: at)
    }
}
