import NimmerWave

/// The numbers of one source: a column of a table, a key of JSON lines, a subject (recordings.md, Numbers).
///
/// Which mark separates decimals, and the unit, are properties of the source: what one text leaves open, the others decide.
package struct NumberColumn: Sendable {
    /// The mark that was declared; nil: found out.
    package let declared: DecimalMark?
    /// Units to which numbers are converted; nil where the first unit is that of the source.
    package let units: UnitScale?
    /// Number of texts that held a number.
    package private(set) var numbers = 0
    /// Number of texts where nothing was measured.
    package private(set) var gaps = 0
    /// Number of texts that are neither.
    package private(set) var unreadable = 0
    /// The first of them, with its line; nil while there is none.
    package private(set) var firstUnreadable: (line: Int, text: String)?
    /// The unit behind its numbers; nil while none stood behind one.
    package private(set) var unit: [UInt8]?

    private var working: DecimalMark?
    private var pointOnly = 0
    private var commaOnly = 0
    private var openPoints = 0
    private var openCommas = 0
    private var smallWhole = 0
    private var largeWhole = 0
    private var readAsPoint = 0
    private var readAsComma = 0

    /// A source of which nothing is known, or the mark alone.
    ///
    /// - Parameter units: units that numbers may have, where that of the source is declared.
    package init(decimal: DecimalMark?, units: UnitScale? = nil) {
        declared = decimal
        self.units = units
        working = decimal
    }

    /// Indicates whether more of its texts could not be read than could.
    package var isMostlyUnreadable: Bool { unreadable > numbers }

    /// Number of texts that are a number with one of the two marks only.
    package func evidence(for mark: DecimalMark) -> Int { mark == .point ? pointOnly : commaOnly }

    /// Takes a text.
    ///
    /// - Parameter line: its place, for the report.
    package mutating func read(_ text: ArraySlice<UInt8>, line: Int = 0) -> NumberReading {
        if let plain = plain(text) {
            numbers += 1
            return .number(plain)
        }
        let trimmed = WrittenNumber.trimmed(text)
        if NumberText.isGap(trimmed) {
            gaps += 1
            return .gap
        }
        if let written = WrittenNumber(trimmed), let number = value(of: written) {
            numbers += 1
            return .number(number)
        }
        let word = trimmed.count <= 9 ? String(decoding: trimmed, as: UTF8.self).lowercased() : ""
        if let number = NumberText.truths[word] ?? NumberText.infinities[word] ?? Self.hexadecimal(word) {
            numbers += 1
            return .number(number)
        }
        fail(String(decoding: trimmed.prefix(60), as: UTF8.self), line)
        return .unreadable
    }

    /// Takes a value of JSON: a number, a text that holds one, true and false as 1 and 0; null is a gap.
    package mutating func read(_ json: JSON, line: Int = 0) -> NumberReading {
        if let number = json.double {
            if number.isFinite {
                numbers += 1
                return .number(number)
            }
        } else if let text = json.string {
            return read(Array(text.utf8)[...], line: line)
        } else if let truth = json.bool {
            numbers += 1
            return .number(truth ? 1 : 0)
        } else if json.isNull {
            gaps += 1
            return .gap
        }
        fail(json.kind, line)
        return .unreadable
    }

    /// The finite number in a message: bare text, or a JSON value at a path.
    ///
    /// - Throws: a `Refusal` that names what was found instead, of the code `missing` where nothing was measured.
    package mutating func number(in bytes: [UInt8], path: String) throws(Refusal) -> Double {
        let number = try anyNumber(in: bytes, path: path)
        guard number.isFinite else {
            throw Refusal(
                .value, field: path, expectation(at: path), found: number > 0 ? "infinity" : "-infinity")
        }
        return number
    }

    /// The finite number in a message: bare text, or a JSON value at a path; nil where it states that nothing was measured.
    ///
    /// - Throws: a `Refusal` that names what was found instead.
    package mutating func reading(in bytes: [UInt8], path: String) throws(Refusal) -> Double? {
        let before = gaps
        do throws(Refusal) {
            return try number(in: bytes, path: path)
        } catch {
            guard gaps > before else { throw error }
            return nil
        }
    }

    /// The number in a message as ``number(in:path:)`` reads it, or infinity, which some sources report.
    package mutating func anyNumber(in bytes: [UInt8], path: String) throws(Refusal) -> Double {
        if path.isEmpty, case .number(let number) = read(bytes[...]) { return number }
        let json: JSON
        do throws(Refusal) { json = try NumberText.value(in: bytes, path: path) } catch {
            guard path.isEmpty else { throw error }
            if NumberText.isGap(WrittenNumber.trimmed(bytes[...])) { throw Self.nothing(bytes) }
            throw units == nil ? error : Refusal(error.code, expectation(at: path), found: error.found)
        }
        switch read(json) {
        case .number(let number): return number
        case .gap: throw Self.nothing(Array(json.text.utf8))
        case .unreadable:
            throw Refusal(
                .value, field: path, expectation(at: path),
                found: json.string.map { "'\($0.prefix(60))'" }
                    ?? (json.double == nil ? json.kind : "a number that is too large"))
        }
    }

    /// Words for what was expected.
    package func expectation(at path: String = "") -> String {
        "expected a finite number" + (units.map { ", alone or in \($0.names)" } ?? "")
            + (path.isEmpty ? "" : " at \(path)")
    }

    private static func nothing(_ found: [UInt8]) -> Refusal {
        Refusal(
            .missing, "expected a number",
            found: "'\(String(decoding: found.prefix(60), as: UTF8.self))': nothing was measured")
    }

    /// The mark that all of its texts, and then what else is known, speak for.
    ///
    /// - Parameter surroundings: the mark of the columns beside it; nil when they show none.
    package func mark(besides surroundings: DecimalMark?, groupsWithCommas: Bool) -> DecimalMark {
        if let declared { return declared }
        if pointOnly != commaOnly { return pointOnly > commaOnly ? .point : .comma }
        if openPoints > 0, openCommas == 0 { return surroundings ?? .point }
        guard openCommas > 0 else { return surroundings ?? .point }
        if let surroundings { return surroundings }
        // Thousands are grouped from 1,000 on: then smaller numbers stand without a comma, and no larger one does.
        if smallWhole > 0, largeWhole == 0 { return .point }
        return groupsWithCommas ? .point : .comma
    }

    /// Indicates whether texts were read with another mark than this.
    package func wasRead(otherwiseThan mark: DecimalMark) -> Bool {
        mark == .point ? readAsComma > 0 : readAsPoint > 0
    }

    private mutating func fail(_ text: String, _ line: Int) {
        unreadable += 1
        if firstUnreadable == nil { firstUnreadable = (line, text) }
    }

    /// The number that text is by the rules of the C locale, where no mark or unit leaves anything open.
    private mutating func plain(_ text: ArraySlice<UInt8>) -> Double? {
        guard !text.isEmpty, text.count <= 32 else { return nil }
        var points = 0
        var digits = 0
        var behind = 0
        for byte in text {
            switch byte {
            case 48...57:
                digits += 1
                if points > 0 { behind += 1 }
            case UInt8(ascii: "."): points += 1
            case UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "e"), UInt8(ascii: "E"): break
            default: return nil
            }
        }
        guard digits > 0, points <= 1 else { return nil }
        if points == 1 {
            if working != .point {
                // Three digits behind a point can be a group of thousands.
                guard working == nil, behind != 3 || digits > 6 else { return nil }
                working = .point
            }
            pointOnly += behind != 3 || digits > 6 ? 1 : 0
            readAsPoint += 1
        }
        guard let number = Double(String(decoding: text, as: UTF8.self)), number.isFinite else { return nil }
        if points == 0 { noteWhole(number) }
        return number
    }

    private mutating func noteWhole(_ number: Double) {
        if abs(number) < 1000 { smallWhole += 1 } else { largeWhole += 1 }
    }

    private mutating func value(of written: WrittenNumber) -> Double? {
        guard let factor = factor(of: written.unit) else { return nil }
        if written.hasMark {
            switch (written.asPoint, written.asComma) {
            case (nil, _):
                commaOnly += 1
                working = working ?? .comma
            case (_, nil):
                pointOnly += 1
                working = working ?? .point
            case (let point?, let comma?) where point != comma:
                // One separator with three digits behind it: 1.046 or 1,046. The larger value is the grouped one.
                if abs(point) < abs(comma) { openPoints += 1 } else { openCommas += 1 }
            default: break
            }
        } else if let number = written.asPoint {
            noteWhole(number)
        }
        // A lone comma is a decimal mark where nothing else is known: sources that are read one by one seldom group.
        let mark = working ?? (openCommas > 0 && openPoints == 0 ? .comma : .point)
        if written.hasMark { if mark == .point { readAsPoint += 1 } else { readAsComma += 1 } }
        guard let number = written.value(mark) else { return nil }
        if !written.unit.isEmpty, unit == nil { unit = Array(written.unit) }
        return number * factor
    }

    /// The factor that leads to the unit of this source; nil for one that it does not have: 1.2 kW beside 900 W are numbers of two scales.
    private func factor(of found: ArraySlice<UInt8>) -> Double? {
        if found.isEmpty { return 1 }
        if let units { return units.factor(of: String(decoding: found, as: UTF8.self)) }
        guard let unit else { return 1 }
        return found.elementsEqual(unit) ? 1 : nil
    }

    private static func hexadecimal(_ word: String) -> Double? {
        guard word.hasPrefix("0x") else { return nil }
        return UInt64(word.dropFirst(2), radix: 16).map { Double($0) }
    }
}
