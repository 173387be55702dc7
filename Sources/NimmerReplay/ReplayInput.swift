import NimmerOutput
import NimmerSensing
import NimmerWave

/// One thing that a recording holds.
package enum ReplayEvent: Sendable {
    /// The numbers of one moment, by the places of ``ReplayInput/columns``; NaN where there is no number.
    case numbers([Double], at: Timestamp)
    /// A wave as it was on the bus.
    case wave(cell: Token, isNerve: Bool, payload: [UInt8], at: Timestamp)
    /// A change event as it was on the bus.
    case change(subject: Subject, payload: [UInt8], at: Timestamp)
}

/// Format of a recording.
package struct ReplayFormat: Sendable {
    /// Separator of the columns of a CSV file; nil: found out from its first line.
    package var delimiter: DelimitedText?
    /// The column of the time, by name or counted from 1; nil: found out from names and values.
    package var timeColumn: String?
    /// Format of its times.
    package var timeFormat = TimeFormat.automatic
    /// The column of labels, by name or counted from 1; nil: none.
    package var labelColumn: String?
    /// Rows a second of a recording without times.
    package var rate: Double?
    /// Indicates whether change events are wanted: those of the system's own cells, and those that a recording of messages holds.
    package var readsChanges = false
    /// The time of the first row of a recording without times.
    package var start = Timestamp(nanoseconds: 0)

    package init(
        delimiter: DelimitedText? = nil, timeColumn: String? = nil, timeFormat: TimeFormat = TimeFormat.automatic,
        labelColumn: String? = nil, rate: Double? = nil, start: Timestamp = Timestamp(nanoseconds: 0)
    ) {
        self.delimiter = delimiter
        self.timeColumn = timeColumn
        self.timeFormat = timeFormat
        self.labelColumn = labelColumn
        self.rate = rate
        self.start = start
    }
}

/// A recording, read line by line.
///
/// CSV with or without names of its columns, NDJSON of numbers, or the waves of a nervous system as `nimmer replay --record`
/// and `nimmer wave tail --record` write them.
package struct ReplayInput: Sendable {
    /// Kind of recording.
    package enum Kind: Sendable, Equatable { case delimited, numbers, waves }

    package let file: String
    package let kind: Kind
    /// The names of the columns; of a CSV file without names their places, counted from 1.
    package let columns: [String]
    /// Indicates whether the first line named the columns.
    package let hasNames: Bool

    private let bytes: [UInt8]
    private let format: ReplayFormat
    private let text: DelimitedText
    private let timePlace: Int?
    private let labelPlace: Int?
    /// The text in the label column of the last row.
    package private(set) var label = ""
    private let step: Double
    private var offset = 0
    package private(set) var line = 0
    private var rows = 0

    /// Progress of reading, 0…1.
    package var progress: Double { bytes.isEmpty ? 1 : Double(offset) / Double(bytes.count) }
    /// The size of the recording in bytes.
    package var size: Int { bytes.count }
    /// Indicates whether its rows carry times.
    package var hasTimes: Bool { timePlace != nil || kind != .delimited }

    /// Opens a recording.
    ///
    /// - Parameters:
    ///   - bytes: all of it.
    ///   - file: its name, for messages.
    ///   - format: how to read it.
    ///   - pace: rows a second where neither times nor the format define it.
    /// - Throws: ``Failure`` with file, line, what was found and what was expected.
    package init(_ bytes: [UInt8], file: String, format: ReplayFormat, pace: Double) throws(Failure) {
        self.bytes = bytes
        self.file = file
        self.format = format
        step = 1000 / (format.rate ?? pace)
        var end = 0
        let first = Self.firstLine(bytes, &end)
        guard !first.isEmpty else {
            throw Failure(.failed, "\(file) is empty", remedy: "give a CSV or NDJSON recording")
        }
        // Of the control characters, text has these in a line: tabulator, form feed, carriage return.
        guard first.allSatisfy({ $0 >= 32 || [9, 12, 13].contains($0) }) else {
            throw Failure(.failed, "\(file):1: found bytes that are not text; expected a CSV or NDJSON recording")
        }
        if first.first(where: { $0 > 32 }) == UInt8(ascii: "{") {
            text = DelimitedText(delimiter: UInt8(ascii: ","))
            guard let object = (try? JSON(parsing: Array(first)))?.object else {
                throw Failure(.failed, "\(file):1: found a line that is not JSON; expected one JSON object a line")
            }
            hasNames = true
            if object["subject"] != nil, object["message"] != nil {
                (kind, columns, timePlace, labelPlace) = (.waves, [], nil, nil)
                if let wanted = format.labelColumn {
                    throw Failure(
                        .usage, "\(file): no column '\(wanted)': it holds waves",
                        remedy: "--labels needs a recording of numbers")
                }
            } else {
                kind = .numbers
                columns = object.keys
                timePlace = try Self.timePlace(object.keys, format, file)
                labelPlace = try Self.labelPlace(object.keys, format, file)
            }
            return
        }
        kind = .delimited
        text = format.delimiter ?? DelimitedText(guessedFrom: first)
        let cells = text.cells(first)
        let texts = cells.map { String(decoding: $0, as: UTF8.self) }
        let named =
            !cells.contains { NumberText.number(in: $0) != nil }
            && !texts.contains { format.timeFormat.moment($0) != nil }
        hasNames = named
        columns = named ? texts : texts.indices.map { String($0 + 1) }
        if named, Set(texts).count < texts.count,
            let twice = texts.first(where: { name in texts.count { $0 == name } > 1 })
        {
            throw Failure(.failed, "\(file):1: found the column '\(twice)' twice; expected each name once")
        }
        labelPlace = try Self.labelPlace(columns, format, file)
        if named {
            offset = end
            line = 1
            timePlace = try Self.timePlace(columns, format, file)
        } else if format.timeColumn != nil {
            timePlace = try Self.timePlace(columns, format, file)
        } else {
            timePlace = texts.firstIndex { Double($0) == nil && format.timeFormat.moment($0) != nil }
        }
    }

    private static func labelPlace(_ columns: [String], _ format: ReplayFormat, _ file: String) throws(Failure) -> Int?
    {
        guard let wanted = format.labelColumn else { return nil }
        return try place(wanted, "label", columns, file)
    }

    private static func place(_ wanted: String, _ what: String, _ columns: [String], _ file: String) throws(Failure)
        -> Int
    {
        do throws(Refusal) {
            return try DelimitedText.place(of: wanted, names: columns, count: columns.count)
        } catch {
            throw Failure(
                .usage, "\(file): no \(what) column '\(wanted)'",
                remedy: "its columns are \(list(columns))")
        }
    }

    /// Names of columns for a person: the first ones, and the number of the rest.
    static func list(_ columns: [String]) -> String {
        let shown = columns.prefix(30).map { $0.cut(to: 60) }.joined(separator: ", ")
        return columns.count > 30 ? "\(shown) and \(columns.count - 30) more" : shown
    }

    private static func timePlace(
        _ columns: [String], _ format: ReplayFormat, _ file: String
    ) throws(Failure) -> Int? {
        if let wanted = format.timeColumn { return try place(wanted, "time", columns, file) }
        guard format.rate == nil else { return nil }
        let usual = ["datetime", "timestamp", "time", "at", "date", "ts"]
        return usual.lazy.compactMap { name in columns.firstIndex { $0.lowercased() == name } }.first
    }

    private static func firstLine(_ bytes: [UInt8], _ end: inout Int) -> ArraySlice<UInt8> {
        var start = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
        while start < bytes.count {
            let stop = bytes[start...].firstIndex(of: 10) ?? bytes.count
            end = min(bytes.count, stop + 1)
            let line = bytes[start..<stop]
            if line.contains(where: { $0 > 32 }) { return line }
            start = stop + 1
        }
        return []
    }

    /// The next event; nil at the end.
    ///
    /// - Throws: ``Failure`` with file, line, what was found and what was expected.
    package mutating func next() throws(Failure) -> ReplayEvent? {
        while offset < bytes.count {
            let stop = bytes[offset...].firstIndex(of: 10) ?? bytes.count
            let content = bytes[offset..<stop]
            offset = min(bytes.count, stop + 1)
            line += 1
            guard content.contains(where: { $0 > 32 }) else { continue }
            switch kind {
            case .delimited: return try row(content)
            case .numbers: return try object(content)
            case .waves:
                if let event = try wave(content) { return event }
            }
        }
        return nil
    }

    private mutating func row(_ content: ArraySlice<UInt8>) throws(Failure) -> ReplayEvent {
        let cells = text.cells(content)
        guard cells.count == columns.count else {
            throw wrong("\(NimmerOutput.count(cells.count, "column"))", "\(columns.count), as in the first line")
        }
        let at = try moment(timePlace.map { String(decoding: cells[$0], as: UTF8.self) })
        if let labelPlace { label = Self.trimmed(cells[labelPlace]) }
        var numbers = [Double](repeating: .nan, count: cells.count)
        for place in cells.indices where place != timePlace {
            if let number = NumberText.number(in: cells[place]) { numbers[place] = number }
        }
        return .numbers(numbers, at: at)
    }

    private static func trimmed(_ cell: ArraySlice<UInt8>) -> String {
        var cell = cell
        while let last = cell.last, last <= 32 { cell.removeLast() }
        return String(decoding: cell.drop { $0 <= 32 }, as: UTF8.self)
    }

    private mutating func object(_ content: ArraySlice<UInt8>) throws(Failure) -> ReplayEvent {
        guard let json = try? JSON(parsing: Array(content)), let object = json.object else {
            throw wrong("a line that is no JSON object", "one JSON object a line")
        }
        var time: String?
        if let timePlace {
            guard let value = object[columns[timePlace]] else {
                throw wrong("no '\(columns[timePlace])'", format.timeFormat.expectation)
            }
            time = value.string ?? value.double.map { String($0) } ?? value.kind
        }
        if let labelPlace { label = object[columns[labelPlace]].map { $0.string ?? $0.text } ?? "" }
        return .numbers(columns.map { object[$0]?.double ?? .nan }, at: try moment(time))
    }

    private mutating func wave(_ content: ArraySlice<UInt8>) throws(Failure) -> ReplayEvent? {
        guard let json = try? JSON(parsing: Array(content), keepingRaw: ["message"]), let object = json.object,
            let subject = object["subject"]?.string, let message = object["message"]
        else { throw wrong("a line without subject and message", #"{"at": …, "subject": …, "message": {…}}"#) }
        guard let at = object["at"]?.string.flatMap({ format.timeFormat.moment($0) }) else {
            throw wrong(object["at"]?.text ?? "no 'at'", "at: \(format.timeFormat.expectation)")
        }
        let parts = subject.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[1] == "nervous", parts[2] == "cells" || parts[2] == "nerves",
            let name = try? Token(String(parts[3]))
        else { return nil }
        if parts[4] == "change", format.readsChanges, let subject = try? Subject(foreign: subject) {
            return .change(subject: subject, payload: message.bytes, at: at)
        }
        guard parts[4] == "wave" else { return nil }
        return .wave(cell: name, isNerve: parts[2] == "nerves", payload: message.bytes, at: at)
    }

    private mutating func moment(_ text: String?) throws(Failure) -> Timestamp {
        defer { rows += 1 }
        guard let text else { return format.start.advanced(milliseconds: (Double(rows) * step).rounded()) }
        guard let at = format.timeFormat.moment(text) else {
            throw wrong("the time '\(text.cut(to: 60))'", format.timeFormat.expectation)
        }
        return at
    }

    private func wrong(_ found: String, _ expected: String) -> Failure {
        Failure(.failed, "\(file):\(line): found \(found); expected \(expected)")
    }
}
