import ArgumentParser
import NimmerOutput
import NimmerReplay
import NimmerScope
import NimmerScopeSession
import NimmerTerminal
import NimmerWave

/// Draws a recording as a picture.
struct WavePlotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plot",
        abstract: "Draw a recording as a picture (SVG), or its window as CSV.",
        discussion: """
            What the key e of `nimmer wave tail` exports, for the whole of a recording: traces, openings, collapses and \
            escalations, with a legend, for light and dark pages.

              nimmer wave tail --record storm.ndjson
              nimmer wave plot --from storm.ndjson --out storm.svg
              nimmer wave plot --from storm.ndjson --out math.csv --filter math
            """)

    @Option(
        help: ArgumentHelp("The recording, as `nimmer wave tail --record` writes it.", valueName: "file"),
        completion: .file())
    var from: String

    @Option(
        name: .shortAndLong, help: ArgumentHelp("The picture: a name that ends in .svg or .csv.", valueName: "file"),
        completion: .file())
    var out: String

    @Option(help: ArgumentHelp("Only what contains this text; with ! before it, what does not.", valueName: "text"))
    var filter: String?

    @Option(help: ArgumentHelp("Leave out waves below this confidence.", valueName: "number"))
    var minConfidence = 0.0

    @Option(
        help: ArgumentHelp("The system file whose `thalamus.regions` folds the lanes of regions.", valueName: "file"),
        completion: .file())
    var system: String?

    func validate() throws {
        if !out.hasSuffix(".svg"), !out.hasSuffix(".csv") {
            throw ValidationError("--out must end in .svg or .csv; found \(out)")
        }
        if !(0...1).contains(minConfidence) {
            throw ValidationError("--min-confidence must be between 0 and 1; found \(minConfidence)")
        }
    }

    func run() throws {
        try FileText.refuse(out, of: "--out", over: [from])
        var settings = ScopeSettings(environment: try chosenEnvironment(), source: .recording(from))
        settings.minimumConfidence = minConfidence
        settings.filter = filter ?? ""
        settings.regions = try system.map(WatchOptions.regions)
        var recording = try RecordingReader(from)
        settings.utcOffsetSeconds = LocalTime.offsetSeconds(at: try recording.start())
        var state = ScopeState(settings)
        let (end, tally) = Self.take(&recording, into: &state)
        for note in recording.notes + tally.notes(of: from) { Console.error("nimmer: \(note)") }
        // Nothing of use: no picture.
        if tally.taken == 0 { return try tally.check(from) }
        let bytes = out.hasSuffix(".svg") ? state.plot() : try Self.wholeTable(&state, end)
        try FileText.write(String(decoding: bytes, as: UTF8.self), to: out)
        try tally.check(from)
    }

    /// Ends of the subjects whose messages are drawn.
    private static let drawn = [".wave", ".transition", ".collapse", ".request"]

    /// No recording is so long that more steps of zooming out would be needed.
    private static let maximumSteps = 40

    /// Lets an oscilloscope see a whole recording.
    ///
    /// - Returns: its end, and its messages: those that are drawn, and those that cannot be read, by reason.
    private static func take(_ reader: inout RecordingReader, into state: inout ScopeState) -> (Timestamp, MessageTally)
    {
        var tally = MessageTally()
        _ = state.reduce(.resize(width: 200, height: 60))
        var end = Timestamp(nanoseconds: 0)
        while true {
            do throws(RecordedMessage.Misfit) {
                guard let message = try reader.read() else { break }
                _ = state.reduce(.message(subject: message.subject, payload: message.payload, arrival: message.at))
                end = message.at
                count(message, line: reader.line, in: &tally)
            } catch { tally.refuse(Refusal(.syntax, "\(error)"), line: reader.line) }
        }
        _ = state.reduce(.tick(end))
        return (end, tally)
    }

    private static func count(_ message: RecordedMessage, line: Int, in tally: inout MessageTally) {
        guard drawn.contains(where: { message.subject.hasSuffix($0) }) else {
            return tally.passOver(message.subject.cut(to: 200), line: line)
        }
        do throws(Refusal) {
            _ = try AnyMessage.decode(message.payload, on: message.subject)
            tally.take()
        } catch { tally.refuse(error, line: line) }
    }

    /// The window as CSV, zoomed out until it holds all that is kept.
    private static func wholeTable(_ state: inout ScopeState, _ end: Timestamp) throws(Failure) -> [UInt8] {
        var table = try export(&state, end).csv
        for _ in 0..<maximumSteps {
            _ = state.reduce(.key(.character("-"), at: end))
            let wider = try export(&state, end).csv
            if wider == table { break }
            table = wider
        }
        return table
    }

    private static func export(_ state: inout ScopeState, _ now: Timestamp) throws(Failure) -> ScopeExport {
        for effect in state.reduce(.key(.character("e"), at: now)) {
            if case .export(let export) = effect { return export }
        }
        throw Failure(.data, "the recording has no waves to draw")
    }
}
