import NimmerOutput
import NimmerSensing
import NimmerWave

/// Columns that hold the time of a row, found by their names and by what the first rows hold.
struct TimeColumns {
    private static let dates = ["date", "datum", "day", "tag"]
    private static let clocks = [
        "time", "uhrzeit", "zeit", "clock", "time_of_day", "time of day", "hour", "stunde", "hh", "hr", "std",
    ]
    private static let hours = ["hour", "stunde", "hh", "hr", "std", "h"]
    /// Numbers since 1970 are times of rows where they lie between 1990 and 2060.
    private static let plausible =
        Timestamp(
            nanoseconds: 631_152_000_000_000_000)...Timestamp(
            nanoseconds: 2_840_140_800_000_000_000)

    private let names: [String]
    private let lowered: [String]
    private let samples: [[String]]
    private let format: ReplayFormat
    private let file: String

    /// Finds them: those that were named; else by their usual names, and then by their values. A date and a time of day may have a column
    /// each.
    ///
    /// - Throws: ``Failure`` for a name that there is not, and for times of day that cannot be read beside their dates.
    static func find(
        _ names: [String], _ samples: [[String]], _ format: ReplayFormat, _ file: String, _ remarks: inout [String]
    ) throws(Failure) -> [Int] {
        if !format.timeColumns.isEmpty {
            var places: [Int] = []
            for wanted in format.timeColumns { places.append(try columnPlace(wanted, "time", names, file)) }
            return places
        }
        guard format.rate == nil else { return [] }
        let columns = TimeColumns(
            names: names, lowered: names.map { $0.lowercased() }, samples: samples, format: format, file: file)
        return try columns.find(&remarks)
    }

    /// Text of a time out of one column, or of a date and a time of day in two; an hour alone is one.
    static func text(_ parts: [String]) -> String {
        guard parts.count == 2, (1...2).contains(parts[1].utf8.count),
            parts[1].utf8.allSatisfy({ (48...57).contains($0) })
        else { return parts.joined(separator: " ") }
        return "\(parts[0]) \(parts[1]):00"
    }

    private func find(_ remarks: inout [String]) throws(Failure) -> [Int] {
        let named = TableLayout.timeNames.compactMap { lowered.firstIndex(of: $0) }
        if let whole = named.first(where: { isReadable([$0], wantsClock: true) && isPlausible($0) }) { return [whole] }
        let clocks = names.indices.filter(isClock)
        let dates =
            names.indices.filter { place in
                !clocks.contains(place)
                    && (Self.dates.contains(lowered[place]) || named.contains(place) || isDate(place))
            }.sorted { Self.dates.contains(lowered[$0]) && !Self.dates.contains(lowered[$1]) }
        if let pair = pair(dates, clocks) { return pair }
        if let first = named.first, isReadable([first], wantsClock: true) { return [first] }
        if let whole = names.indices.first(where: { !isNumeric($0) && isReadable([$0], wantsClock: true) }) {
            return [whole]
        }
        if let date = dates.first(where: { isReadable([$0], wantsClock: false) }) {
            if let clock = clocks.first, clocks.count == 1 || hasDaysOfSeveralRows(date) {
                throw Failure(
                    .failed,
                    "\(file): found dates in the column \(names[date]), and times of day in the column \(names[clock]) that cannot be read: "
                        + "'\(samples.first.map { Self.text([$0[date], $0[clock]]) } ?? "")'",
                    remedy:
                        "--time-column '\(names[date])' --time-column '\(names[clock])' --time-format '%Y-%m-%d %I:%M:%S %p'"
                )
            }
            if hasDaysOfSeveralRows(date) {
                remarks.append(
                    "the column \(names[date]) holds dates without times of day: the rows of a day count as of one time (--time-column)"
                )
            }
            return [date]
        }
        if let first = named.first { return [first] }
        guard let epoch = epochs() else { return [] }
        remarks.append(
            "the time is read from the column \(names[epoch]), whose numbers are times since 1970 (--time-column, --rate-hz)"
        )
        return [epoch]
    }

    /// A date and a time of day that can be read together.
    private func pair(_ dates: [Int], _ clocks: [Int]) -> [Int]? {
        guard !clocks.isEmpty else { return nil }
        var dates = dates
        if case .pattern = format.timeFormat {
            dates += names.indices.filter { !clocks.contains($0) && !dates.contains($0) && !isNumeric($0) }
        }
        for date in dates {
            // A time of day has a usual name; or it is the only one; or there are days of several rows. The next to the right is the likeliest.
            let rank = { (clock: Int) in
                (Self.clocks.contains(lowered[clock]) ? 0 : 1000) + (clock > date ? clock - date : 100 + date - clock)
            }
            for clock in clocks.sorted(by: { rank($0) < rank($1) }) {
                guard clocks.count == 1 || Self.clocks.contains(lowered[clock]) || hasDaysOfSeveralRows(date) else {
                    continue
                }
                for pair in [[date, clock], [clock, date]] where isReadable(pair, wantsClock: true) { return pair }
            }
        }
        return nil
    }

    /// A column of numbers that are times since 1970, in the order of time: one whose name speaks of it, else the first.
    private func epochs() -> Int? {
        let places = names.indices.filter { place in
            let texts = values(place)
            guard texts.count > 1, texts.count * 2 > samples.count else { return false }
            let moments = texts.compactMap { text in Double(text).flatMap { _ in format.timeFormat.moment(text) } }
            guard moments.count == texts.count, moments.allSatisfy({ Self.plausible.contains($0) }),
                let first = moments.first, let last = moments.last, first != last
            else { return false }
            let steps = zip(moments, moments.dropFirst())
            return first < last ? steps.allSatisfy { $0 <= $1 } : steps.allSatisfy { $0 >= $1 }
        }
        let hints = ["time", "stamp", "seen", "date", "start", "zeit", "changed", "created", "epoch", "unix"]
        return places.first { place in
            lowered[place] == "ts" || lowered[place].hasSuffix(".ts") || lowered[place].hasSuffix("_ts")
                || hints.contains { lowered[place].contains($0) }
        } ?? places.first
    }

    private func values(_ place: Int) -> [String] { samples.map { $0[place] }.filter { !$0.isEmpty } }

    private func isNumeric(_ place: Int) -> Bool {
        let texts = values(place)
        return texts.count { Double($0) != nil } * 2 > texts.count
    }

    /// Returns whether numbers of a column lie in the years in which recordings are made; true for other texts.
    private func isPlausible(_ place: Int) -> Bool {
        guard isNumeric(place) else { return true }
        let moments = values(place).compactMap { format.timeFormat.moment($0) }
        return moments.count { Self.plausible.contains($0) } * 2 > moments.count
    }

    private func isDate(_ place: Int) -> Bool { !isNumeric(place) && isReadable([place], wantsClock: false) }

    private func hasDaysOfSeveralRows(_ place: Int) -> Bool {
        let texts = values(place)
        return Set(texts).count < texts.count
    }

    /// Returns whether most values are times of day: 10:00, 10:00:00.5, 10:00 AM; hours where the name speaks of them.
    private func isClock(_ place: Int) -> Bool {
        let texts = values(place)
        if Self.hours.contains(lowered[place]), !texts.isEmpty,
            texts.allSatisfy({ $0.utf8.count <= 2 && Int($0).map { (0...24).contains($0) } ?? false })
        {
            return true
        }
        if Self.clocks.contains(lowered[place]), !texts.isEmpty,
            texts.allSatisfy({
                ($0.utf8.count == 4 || $0.utf8.count == 6) && $0.utf8.allSatisfy { (48...57).contains($0) }
            }),
            texts.allSatisfy({ $0.prefix(2) < "25" && $0.dropFirst(2).prefix(2) < "60" })
        {
            return true
        }
        return texts.count { Self.isClock($0) } * 2 > texts.count
    }

    private static func isClock(_ text: String) -> Bool {
        var rest = text.utf8.drop { $0 <= 32 }
        let hour = rest.prefix { (48...57).contains($0) }
        guard (1...2).contains(hour.count) else { return false }
        rest = rest.dropFirst(hour.count)
        guard rest.first == UInt8(ascii: ":"), rest.dropFirst().prefix(2).allSatisfy({ (48...57).contains($0) }),
            rest.count >= 3
        else { return false }
        return rest.dropFirst(3).allSatisfy { byte in
            (48...58).contains(byte) || [32, 43, 44, 45, 46].contains(byte)
                || [UInt8(ascii: "a"), UInt8(ascii: "p"), UInt8(ascii: "m"), UInt8(ascii: "z")].contains(byte | 32)
        }
    }

    private func isReadable(_ places: [Int], wantsClock: Bool) -> Bool {
        let texts = samples.map { row in Self.text(places.map { row[$0] }) }.filter { $0.contains { $0 != " " } }
        let readable = texts.filter { format.timeFormat.time($0) != nil }
        guard !texts.isEmpty, readable.count * 2 > texts.count else { return false }
        return !wantsClock || readable.contains { $0.contains(":") || Double($0) != nil || $0.contains("T") }
            || places.count > 1
    }
}
