import NimmerCell
import NimmerOutput
import NimmerSystem
import NimmerWave

/// One system on its way through one recording.
package struct ReplayRun {
    private var input: ReplayInput
    private var replay: Replay
    /// Comparison of the labels with what the nerves were doing; nil when it was not asked for.
    package private(set) var labels: ReplayLabels?
    /// Notes for a person before it begins.
    package let notes: [String]
    /// Report of what could not be read.
    package var report: RecordingReport { input.report }

    /// Opens the recording, and gives each cell its column.
    ///
    /// - Throws: ``Failure`` with the file, the line, what was found and what was expected.
    package init(
        _ system: SystemFile, bytes: [UInt8], file: String, format: ReplayFormat,
        mapping: [(column: String, cell: String)], environment: Environment
    ) throws(Failure) {
        let cast = try ReplayCast(system, environment: environment, reportsChanges: format.readsChanges)
        let paces = cast.members.compactMap(\.pace)
        input = try ReplayInput(
            bytes, file: file, format: format, pace: paces.max() ?? 1, wanted: cast.columns(mapping: mapping),
            units: cast.units(mapping: mapping))
        var notes: [String] = []
        var places = [[Int]](repeating: [], count: cast.members.count)
        if input.kind != .waves {
            guard cast.members.contains(where: { $0.part.identity.role == .cell }) else {
                throw Failure(
                    .failed, "\(system.file) has no cell that reads a column; \(file) holds numbers",
                    remedy: "sensor/v1, multivariate/v1, distance/v1 and http/v1 cells read columns")
            }
            places = try cast.places(in: input.columns, of: file, mapping: mapping)
            for (kind, count) in cast.leftOut {
                notes.append(
                    "\(NimmerOutput.count(count, "cell")) of kind \(kind) left out: no recording of numbers drives it")
            }
            if !input.hasTimes, format.rate == nil {
                notes.append(
                    "no time column: \(decimals(paces.max() ?? 1, 1)) rows a second, as the system file has it "
                        + "(--rate-hz, --time-column)")
            }
        }
        replay = try Replay(
            system, cast: cast, places: places, environment: environment, judgedGates: input.judgedGates)
        self.notes = notes
        if format.labelColumn != nil, format.comparesLabels {
            let nerves = cast.members.map(\.part.identity).filter { $0.role == .nerve }.map(\.name)
            guard !nerves.isEmpty else {
                throw Failure(
                    .failed, "\(system.file) has no nerve to compare with a column", remedy: "leave out --labels")
            }
            labels = ReplayLabels(nerves: nerves)
        }
    }

    /// Lets outcomes of openings become known from the column of labels.
    package mutating func verify(_ verification: ReplayVerification) { replay.verify(verification) }

    /// Outcomes that became known so far; nil where neither a column nor a rule gives any.
    package var outcomes: [VerificationResult: Int]? { replay.outcomes }

    /// Records of each region's origins that outcomes have moved.
    package var trust: [(region: Region, records: [OriginRecord])] {
        get { replay.trust }
        set { replay.restore(newValue) }
    }

    /// The size of the recording in bytes.
    package var size: Int { input.size }
    /// Counters of what has come out so far.
    package var counts: ReplayCounts { replay.counts }

    /// Notes about the recording after its end: what could not be read, and what cells refused.
    package var endNotes: [String] {
        report.notes + counts.notes + tally.notes(of: input.file) + replay.joins
            + replay.refusals.map { cell, refusals in
                "\(cell) refused \(refusals.refused) of \(NimmerOutput.count(refusals.readings, "reading")); the first: \(refusals.first ?? "")"
            }
    }

    /// Recorded messages: those that the system saw, and those that it never got.
    private var tally: MessageTally {
        replay.recorded.adding(passedOver: input.passedOver)
    }

    /// Fails where most recorded messages were refused, where none was a wave, and where a cell refused most of its readings.
    ///
    /// - Throws: ``Failure`` that names the line or the cell, and why.
    package func checkRefusals() throws(Failure) {
        try tally.check(input.file)
        for (cell, refusals) in replay.refusals where refusals.refused * 2 > refusals.readings {
            throw Failure(
                .failed,
                "\(cell) refused \(refusals.refused) of its \(NimmerOutput.count(refusals.readings, "reading")): \(refusals.first ?? "")",
                remedy: "compare its settings with what the column holds: unit, range")
        }
    }

    /// A wave on its way to a thalamus.
    package struct Wave: Sendable {
        package let subject: [UInt8]
        package let payload: [UInt8]
        package let at: Timestamp

        package init(subject: Subject, payload: [UInt8], at: Timestamp) {
            self.subject = Array(subject.text.utf8)
            self.payload = payload
            self.at = at
        }
    }

    /// Runs to the recording's end, and keeps what a thalamus would hear: waves that are recorded, else those of the system's cells and
    /// nerves.
    ///
    /// - Returns: the waves in their order, and the text of the label column from each moment on at which it changes.
    package mutating func waves(
        in environment: Environment
    ) -> (waves: [Wave], labels: [(at: Timestamp, text: String)], end: Timestamp?) {
        var found: [Wave] = []
        var labels: [(at: Timestamp, text: String)] = []
        var end: Timestamp?
        while let event = input.nextEvent() {
            end = max(end ?? event.at, event.at)
            if labels.last?.text != input.label { labels.append((event.at, input.label)) }
            if case .wave(let cell, let isNerve, let payload, let at) = event {
                let subject: Subject = isNerve ? .nerveWave(environment, nerve: cell) : .wave(environment, cell: cell)
                found.append(Wave(subject: subject, payload: payload, at: at))
                continue
            }
            for output in replay.take(event, line: input.line) {
                guard case .wave(let message, let subject) = output else { continue }
                found.append(Wave(subject: subject, payload: message.encoded(), at: message.header.timestamp))
            }
        }
        return (found, labels, end)
    }

    /// Runs to the recording's end.
    ///
    /// - Parameters:
    ///   - progress: called after each event with the part of the recording that is read (0…1) and the rows so far.
    ///   - take: what came out.
    /// - Throws: ``Failure`` with file and line where the recording cannot be read, or what `take` throws.
    package mutating func finish(
        progress: (_ part: Double, _ rows: Int) -> Void = { _, _ in },
        _ take: (ReplayOutput) throws(ReaderGone) -> Void
    ) throws {
        while let event = input.nextEvent() {
            if replay.verification != nil { replay.takeTruth(input.label, at: event.at) }
            for output in replay.take(event, line: input.line) {
                labels?.take(output)
                try take(output)
            }
            labels?.count(input.label)
            progress(input.progress, replay.counts.rows)
        }
        replay.end()
    }
}
