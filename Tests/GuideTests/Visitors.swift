import NimmerCell
import NimmerSensing

/// Learns how many visitors are usual, and reports when it is another number.
struct Visitors: Learner {
    static let manifest = Manifest(
        name: "visitors", version: "1.0.0", summary: "Learns how many visitors are usual.", domain: "door")

    struct Options: ProcessOptions {
        let subject = Setting.text("subject", "door.visitors", "Where the counter publishes.")
    }
    let subject: String
    private(set) var usual: Double?

    init(_ settings: Settings<Options>) { subject = settings.subject }

    func inputs(in environment: Environment) throws -> [SubjectPattern] { [try SubjectPattern(given: subject)] }

    mutating func receive(_ message: BusMessage, _ pulse: inout Pulse) throws {
        let count = try NumberText.number(in: message.payload)
        pulse.countReading()
        let before = usual ?? count
        usual = before + 0.05 * (count - before)
        pulse.emit(confidence: min(1, abs(count - before) / max(1, before)), ["visitors": .number(count)])
    }

    var learnsFrom: String { "subject: \(subject)" }

    var learned: [UInt8]? { usual.map { Array(JSON.number($0).text.utf8) } }

    mutating func resume(learned: [UInt8], _ pulse: inout Pulse) throws {
        usual = try JSON(parsing: learned).double
    }
}
