import NimmerWave

/// A statement whose interpolated values become binds, never text: `"select 1 where x = \(id)"`.
///
/// Names that are not values (tables, columns) come in through `\(name:)` and must be constants of this program.
struct SQL: ExpressibleByStringInterpolation, Sendable {
    let text: String
    let binds: [String?]

    init(text: String, binds: [String?]) {
        self.text = text
        self.binds = binds
    }

    init(stringLiteral value: String) {
        text = value
        binds = []
    }

    init(stringInterpolation: Interpolation) {
        text = stringInterpolation.text
        binds = stringInterpolation.binds
    }

    struct Interpolation: StringInterpolationProtocol {
        var text = ""
        var binds: [String?] = []

        init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + interpolationCount * 3)
        }

        mutating func appendLiteral(_ literal: String) { text += literal }

        mutating func appendInterpolation(_ value: String?) {
            binds.append(value)
            text += "$\(binds.count)"
        }

        mutating func appendInterpolation(_ value: Int) { appendInterpolation(String(value)) }

        mutating func appendInterpolation(_ value: MessageID) { appendInterpolation(value.text) }

        mutating func appendInterpolation(_ value: Timestamp?) { appendInterpolation(value?.rfc3339) }

        mutating func appendInterpolation(name: StaticString) { text += "\(name)" }
    }
}
