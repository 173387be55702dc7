import NimmerBus
import NimmerWave

// A cell that takes recorded numbers, as replay hands them to it, can be driven live by `nimmer up --play`: it leaves its own source alone,
// and is handed what comes on the subject `play.<env>.<cell>`.

/// Readings that a recording hands to one cell at one moment.
package enum PlayedReading: Hashable, Sendable {
    /// The numbers of its inputs, in their order; NaN where there is none.
    case row([Double])
    /// The number of one input, of a recording with a row for each.
    case one(Double, input: Int)
    /// The recording has come to its end.
    case end

    /// JSON: a list of numbers for a row, with null for a gap and `"inf"`; an object of a place and a number for one input; `"end"`.
    package var bytes: [UInt8] {
        switch self {
        case .row(let numbers): JSON.array(numbers.map(Self.json)).bytes
        case .one(let number, let input): JSON.object(["\(input)": Self.json(number)]).bytes
        case .end: JSON.string("end").bytes
        }
    }

    /// Reads it.
    ///
    /// - Throws: a `Refusal` that names what was expected.
    package init(_ bytes: [UInt8]) throws(Refusal) {
        let json = try JSON(parsing: bytes)
        if json.string == "end" {
            self = .end
        } else if let values = json.array {
            self = .row(try values.map { value throws(Refusal) in try Self.number(value) })
        } else if let member = json.object?.members.first, let input = Int(member.key), input >= 0 {
            self = .one(try Self.number(member.value), input: input)
        } else {
            throw Refusal(.value, #"expected recorded readings: [1.5, null], {"0": 1.5} or "end""#, found: json.kind)
        }
    }

    private static func json(_ number: Double) -> JSON {
        if number.isNaN { return .null }
        return number.isInfinite ? .string(number > 0 ? "inf" : "-inf") : .number(number)
    }

    private static func number(_ json: JSON) throws(Refusal) -> Double {
        if json.isNull { return .nan }
        if let number = json.double { return number }
        switch json.string {
        case "inf": return .infinity
        case "-inf": return -.infinity
        default: throw Refusal(.value, #"expected a number, null, "inf" or "-inf""#, found: json.kind)
        }
    }
}

extension CellBody {
    /// Indicates whether a recording of numbers can drive it.
    static var isPlayable: Bool { C.self is any NumberCell.Type || C.self is any RowCell.Type }

    /// Begins a life whose readings are handed to it: it neither opens a source nor looks by itself.
    mutating func startPlayed(at moment: Timestamp) -> Pulse {
        isPlayed = true
        watch.begin(at: moment)
        return update(at: moment) { _, _ in }
    }

    /// Takes recorded readings, as replay does.
    mutating func play(_ reading: PlayedReading, at moment: Timestamp) -> Pulse {
        update(at: moment) { cell, pulse in
            if reading == .end { return pulse.endReadings() }
            if var numbers = cell as? any NumberCell {
                try Self.read(reading, &numbers, &pulse)
                if let same = numbers as? C { cell = same }
            } else if var rows = cell as? any RowCell {
                switch reading {
                case .row(let row): try rows.read(row.map { $0.isFinite ? $0 : .nan }, &pulse)
                case .one(let number, let input):
                    if number.isFinite { try rows.read(number, of: input, &pulse) }
                case .end: break
                }
                if let same = rows as? C { cell = same }
            }
        }
    }

    private static func read(
        _ reading: PlayedReading, _ cell: inout any NumberCell, _ pulse: inout Pulse
    ) throws {
        let number: Double? =
            switch reading {
            case .row(let row): row.first
            case .one(let number, let input): input == 0 ? number : nil
            case .end: nil
            }
        guard let number, !number.isNaN else { return }
        guard number.isFinite || number == .infinity && type(of: cell).takesInfinity else {
            throw Refusal(.value, "expected a finite number", found: "infinity")
        }
        try cell.read(number, &pulse)
    }
}

extension CellHost {
    /// Indicates whether it is handed recorded readings.
    var isPlayed: Bool { process.configuration.isPlayed && CellBody<C>.isPlayable }

    /// Subscribes to the readings of a recording.
    func subscribeToRecording() async throws -> any Subscription {
        process.logger.info("Reads a recording instead of its source")
        let subject = Subject.play(process.environment, cell: identity.name)
        return try await process.bus.subscribe(SubjectPattern(subject)) { _, _, arrival in
            let message = arrival.message()
            do throws(Refusal) {
                let reading = try PlayedReading(message.payload)
                self.act(.arrival(arrival.at)) { body, now in body.play(reading, at: now) }
            } catch { self.rejects.reject(error, message) }
        }
    }
}
