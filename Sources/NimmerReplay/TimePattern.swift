import NimmerOutput
import NimmerWave

/// A time as a pattern of strftime describes it; a blank stands for any white space, everything else for itself.
package struct TimePattern: Equatable, Sendable {
    /// Letters that can stand behind %, with their meaning.
    package static let letters: [(letter: Character, meaning: String)] = [
        ("Y", "year"), ("y", "year of two digits, 1969 to 2068"), ("m", "month"), ("d", "day"),
        ("e", "day, with a blank before one digit"),
        ("b", "month by its English name"), ("B", "the same"), ("a", "weekday by its English name"), ("A", "the same"),
        ("j", "day of the year"),
        ("H", "hour, 0 to 24"), ("I", "hour, 1 to 12"), ("p", "AM or PM"), ("M", "minute"), ("S", "second"),
        ("f", "fraction of the second"), ("z", "distance from UTC: Z, +02, +0200, +02:00"), ("Z", "UTC, GMT or Z"),
        ("s", "seconds since 1970"),
        ("F", "%Y-%m-%d"), ("T", "%H:%M:%S"), ("R", "%H:%M"), ("D", "%m/%d/%y"), ("%", "%"),
    ]

    private static let months = [
        "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
        "december",
    ]
    private static let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

    /// The pattern.
    package let text: String
    private let parts: [UInt8]

    /// A pattern.
    ///
    /// - Throws: ``Failure`` that names a letter that means nothing, and those that mean something.
    package init(_ text: String) throws(Failure) {
        self.text = text
        let plain = text.replacing("%F", "%Y-%m-%d").replacing("%T", "%H:%M:%S").replacing("%R", "%H:%M")
            .replacing("%D", "%m/%d/%y")
        parts = Array(plain.utf8)
        var index = 0
        while let percent = parts[index...].firstIndex(of: UInt8(ascii: "%")) {
            let letter = percent + 1 < parts.count ? Character(Unicode.Scalar(parts[percent + 1])) : nil
            guard let letter, Self.letters.contains(where: { $0.letter == letter }) else {
                throw Failure(
                    .usage,
                    "the time format '\(text)' has \(letter.map { "%\($0)" } ?? "a % at its end"), which means nothing",
                    remedy: "known are \(Self.letters.map { "%\($0.letter)" }.joined(separator: " "))")
            }
            index = percent + 2
        }
    }

    /// The time that a text names; nil when it does not follow the pattern or names none.
    package func time(_ text: String) -> RecordedTime? {
        var reader = Reader(scanner: TimeScanner(rest: Array(text.utf8)[...]))
        guard reader.read(parts), reader.scanner.rest.isEmpty else { return nil }
        return reader.time
    }

    private struct Reader {
        var scanner: TimeScanner
        private var civil = CivilTime()
        private var isAfternoon: Bool?
        private var isTwelveHours = false
        private var dayOfYear: Int?
        private var seconds: Int?

        init(scanner: TimeScanner) { self.scanner = scanner }

        var time: RecordedTime? {
            if let seconds { return .moment(Timestamp(seconds: Int64(seconds), nanoseconds: Int64(civil.fraction))) }
            var civil = civil
            if isTwelveHours {
                guard (1...12).contains(civil.hour) else { return nil }
                civil.hour = civil.hour % 12 + (isAfternoon == true ? 12 : 0)
            }
            guard let dayOfYear else { return RecordedTime(civil) }
            (civil.month, civil.day) = (1, 1)
            guard (1...366).contains(dayOfYear), let start = RecordedTime(civil) else { return nil }
            let distance = Int64(dayOfYear - 1) * 86_400_000_000_000
            return switch start {
            case .moment(let moment): .moment(moment.advanced(nanoseconds: distance))
            case .local(let local): .local(local.addingSaturated(distance))
            }
        }

        mutating func read(_ pattern: [UInt8]) -> Bool {
            var index = 0
            while index < pattern.count {
                let byte = pattern[index]
                index += 1
                if byte == 32 {
                    guard scanner.rest.first == 32 || scanner.rest.first == 9 else { return false }
                    scanner.skipBlanks()
                } else if byte == UInt8(ascii: "%"), index < pattern.count {
                    guard field(Character(Unicode.Scalar(pattern[index]))) else { return false }
                    index += 1
                } else {
                    guard scanner.rest.popFirst() == byte else { return false }
                }
            }
            return true
        }

        private mutating func field(_ letter: Character) -> Bool {
            switch letter {
            case "Y": return set(\.year, scanner.number(4))
            case "y": return set(\.year, scanner.number(2).map { $0 + ($0 < 69 ? 2000 : 1900) })
            case "m": return set(\.month, scanner.number(2))
            case "d": return set(\.day, scanner.number(2))
            case "e":
                scanner.skipBlanks()
                return set(\.day, scanner.number(2))
            case "H": return set(\.hour, scanner.number(2))
            case "I":
                isTwelveHours = true
                return set(\.hour, scanner.number(2))
            case "p":
                guard let word = scanner.word(["am", "pm", "a.m.", "p.m."]) else { return false }
                isAfternoon = word % 2 == 1
                return true
            case "M": return set(\.minute, scanner.number(2))
            case "S": return set(\.second, scanner.number(2))
            case "f": return set(\.fraction, scanner.fraction())
            case "b", "B": return set(\.month, name(TimePattern.months).map { $0 + 1 })
            case "a", "A": return name(TimePattern.days) != nil
            case "j":
                dayOfYear = scanner.number(3)
                return dayOfYear != nil
            case "s":
                seconds = scanner.number(10)
                return seconds != nil
            case "z":
                civil.offset = scanner.offset()
                return civil.offset != nil
            case "Z":
                civil.offset = scanner.word(of: ["utc", "gmt", "z"]) ? 0 : nil
                return civil.offset != nil
            case "%": return scanner.take("%")
            default: return false
            }
        }

        private mutating func name(_ names: [String]) -> Int? {
            scanner.word(names) ?? scanner.word(names.map { String($0.prefix(3)) })
        }

        private mutating func set(_ part: WritableKeyPath<CivilTime, Int>, _ value: Int?) -> Bool {
            guard let value else { return false }
            civil[keyPath: part] = value
            return true
        }
    }
}

extension String {
    /// The text with every occurrence of a letter of a pattern replaced; %% stays.
    fileprivate func replacing(_ part: String, _ other: String) -> String {
        var text = ""
        var rest = self[...]
        while let first = rest.first {
            if rest.hasPrefix("%%") {
                text += "%%"
                rest = rest.dropFirst(2)
            } else if rest.hasPrefix(part) {
                text += other
                rest = rest.dropFirst(part.count)
            } else {
                text.append(first)
                rest = rest.dropFirst()
            }
        }
        return text
    }
}
