import ArgumentParser
import NimmerOutput
import NimmerReplay
import NimmerSensing
import NimmerWave

/// Options of the commands that read a recording of numbers: how it is written, and which column is whose.
struct RecordingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The column separator; tab is the tabulator. Default: detected.", valueName: "character"))
    var delimiter: String?

    @Option(
        help: ArgumentHelp(
            "The mark that separates decimals, . or a comma. Default: found out for each column.", valueName: "mark"))
    var decimal: String?

    @Option(help: ArgumentHelp("Lines to pass over before the table.", valueName: "lines"))
    var skip = 0

    @Option(help: ArgumentHelp("What lines begin with that are comments; '' for none.", valueName: "text"))
    var comment = "#"

    @Option(
        help: ArgumentHelp(
            "The column of the time, by name or counted from 1. Twice where a date and a time of day have a column each.",
            valueName: "column"))
    var timeColumn: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            auto, seconds, milliseconds, microseconds, nanoseconds, or a pattern such as '%d.%m.%Y %H:%M:%S' or '%m/%d/%y %I:%M:%S %p'.
            """, valueName: "format"))
    var timeFormat = "auto"

    @Option(
        help: ArgumentHelp("The zone of times that name none, such as Europe/Berlin. Default: UTC.", valueName: "zone"))
    var zone: String?

    @Option(
        help: ArgumentHelp(
            "The column that names the sensor, in a table with a row for each value; cells then read sensors, not columns.",
            valueName: "column"))
    var entityColumn: String?

    @Option(help: ArgumentHelp("The column of the value, in such a table. Default: found out.", valueName: "column"))
    var valueColumn: String?

    @Option(
        name: .customLong("rate-hz"),
        help: ArgumentHelp("Rows a second, where the recording has no times.", valueName: "number"))
    var rate: Double?

    @Option(help: ArgumentHelp("When the recording begins, where it has no times (RFC 3339).", valueName: "time"))
    var start: String?

    @Option(
        help: ArgumentHelp("Give a column to a cell: NAME=CELL. May be given more than once.", valueName: "name=cell"))
    var column: [String] = []

    func validate() throws {
        if let rate, !(rate > 0 && rate <= 1e6) {
            throw ValidationError("--rate-hz must be above 0 and at most 1000000; found \(rate)")
        }
        if skip < 0 { throw ValidationError("--skip must be at least 0; found \(skip)") }
        if valueColumn != nil, entityColumn == nil { throw ValidationError("--value-column needs --entity-column") }
    }

    /// Indicates whether one of them was given.
    var areGiven: Bool {
        [delimiter, decimal, zone, entityColumn, valueColumn, start].contains { $0 != nil } || rate != nil || skip != 0
            || comment != "#" || !timeColumn.isEmpty || timeFormat != "auto" || !column.isEmpty
    }

    /// Reads them.
    ///
    /// - Throws: ``Failure`` that names the option, what was found and what was expected.
    func format() throws(Failure) -> ReplayFormat {
        var format = ReplayFormat()
        do throws(Refusal) {
            if let delimiter { format.table.delimiter = try DelimitedText(delimiter: delimiter) }
            if let decimal { format.table.decimal = try DecimalMark(decimal) }
            if let start { format.start = try Timestamp(rfc3339: start) }
        } catch { throw Failure(.usage, error.description) }
        format.table.skip = skip
        format.table.comment = comment
        format.timeColumns = timeColumn
        format.zone = if let zone { try ZoneRules(zone) } else { nil }
        format.entityColumn = entityColumn
        format.valueColumn = valueColumn
        format.timeFormat = try TimeFormat(timeFormat)
        format.rate = rate
        return format
    }

    /// The columns that were given to cells.
    ///
    /// - Throws: ``Failure`` for a text that is not NAME=CELL.
    func mapping() throws(Failure) -> [(column: String, cell: String)] {
        var pairs: [(column: String, cell: String)] = []
        for text in column {
            guard let equals = text.lastIndex(of: "="), equals != text.startIndex,
                text.index(after: equals) != text.endIndex
            else {
                throw Failure(.usage, "--column \(text) is not NAME=CELL", remedy: "--column Pressure=pump-pressure")
            }
            pairs.append((String(text[..<equals]), String(text[text.index(after: equals)...])))
        }
        return pairs
    }
}
