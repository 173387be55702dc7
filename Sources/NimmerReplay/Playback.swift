import NimmerCell
import NimmerOutput
import NimmerSystem
import NimmerWave

/// A recording that drives the cells of a running system, moment by moment (`nimmer up --play`).
///
/// A recording of numbers is handed to the cells that replay would hand it to; of a recording of waves each wave is sent as of the cell that it
/// is of, which does not run then.
package struct Playback: Sendable {
    /// Message that is sent at a moment.
    package enum Event: Sendable, Equatable {
        /// Readings for a cell.
        case reading(Subject, [UInt8])
        /// A wave of a cell or nerve that does not run.
        case wave(Subject, [UInt8])
    }

    /// Cells that are handed readings of the recording, by name; empty for a recording of waves.
    package let driven: [String]
    /// Payload for a cell when the recording has come to its end.
    package static let end = PlayedReading.end.bytes
    /// Payload without a reading, which shows whether a cell listens.
    package static let nothing = PlayedReading.row([]).bytes
    /// Cells and nerves that a recording of waves stands in for, which must not run; empty for one of numbers.
    package let absent: Set<String>
    /// Cells that no recording drives, which run as they are.
    package let live: [String]
    /// Notes for a person before it begins.
    package let notes: [String]
    /// Fields without a number, of one pass.
    package let gaps: GapTally
    /// Moments that it has, and what is sent at each, in order.
    package let moments: [(at: Timestamp, events: [Event])]

    /// Span of the recording, in milliseconds.
    package var span: Double {
        guard let first = moments.first, let last = moments.last else { return 0 }
        return last.at.milliseconds(since: first.at)
    }

    /// Pause between the end of a pass and the start of the next: the first row follows the last one as the rows follow each other, and at least
    /// 100 ms later.
    ///
    /// - Parameter speed: pace, as a multiple of that at which it was recorded.
    package func pause(atSpeed speed: Double) -> Duration {
        .milliseconds(saturating: max(100, span / Double(max(1, moments.count - 1)) / speed))
    }

    /// Reads a recording, and gives each cell its columns.
    ///
    /// - Parameters:
    ///   - system: the system, of which only what is to run.
    ///   - mapping: columns that a person gave to cells, which win over the settings.
    /// - Throws: ``Failure`` that names what was found and what was expected: a cell without a column, a column for a cell that there is not, a
    ///   recording that cannot be read.
    package init(
        _ system: SystemFile, bytes: [UInt8], file: String, format: ReplayFormat,
        mapping: [(column: String, cell: String)], environment: Environment
    ) throws(Failure) {
        let cast = try ReplayCast(system, environment: environment)
        let paces = cast.members.compactMap(\.pace)
        var input = try ReplayInput(
            bytes, file: file, format: format, pace: paces.max() ?? 1, wanted: cast.columns(mapping: mapping),
            units: cast.units(mapping: mapping))
        let cells = cast.members.filter { $0.part.identity.role == .cell }
        var places: [(member: ReplayCast.Member, columns: [Int])] = []
        if input.kind != .waves {
            guard !cells.isEmpty else {
                throw Failure(
                    .failed, "\(system.file) has no cell that reads a column; \(file) holds numbers",
                    remedy: "sensor/v1, multivariate/v1, distance/v1 and http/v1 cells read columns")
            }
            let all = try cast.places(in: input.columns, of: file, mapping: mapping)
            places = zip(cast.members, all).filter { !$0.1.isEmpty }.map { ($0, $1) }
        } else if let first = mapping.first {
            throw Failure(
                .usage, "\(file) holds waves: it has no column '\(first.column)'", remedy: "leave out --column")
        }
        var moments: [(at: Timestamp, events: [Event])] = []
        var absent: Set<String> = []
        var tally = MessageTally()
        var gaps = GapTally()
        let nerves = Set(system.nerves.map(\.name))
        while let event = input.nextEvent() {
            switch event {
            case .numbers(let numbers, let at):
                moments.append((at, places.flatMap { Self.events(numbers, $0.columns, of: $0.member, environment) }))
                for (member, columns) in places {
                    let empty = columns.count { numbers[$0].isNaN && !ReplayEvent.isAbsent(numbers[$0]) }
                    gaps.take(empty, row: moments.count, of: member.part.identity.name)
                }
            case .wave(let name, let isNerve, let payload, let at):
                // A nerve of the system hears the recorded waves, and speaks itself.
                if nerves.contains(name.text) {
                    tally.take()
                    continue
                }
                let subject: Subject = isNerve ? .nerveWave(environment, nerve: name) : .wave(environment, cell: name)
                do throws(Refusal) {
                    _ = try Envelope<WaveSignal>(decoding: payload, on: subject)
                    tally.take()
                } catch {
                    tally.refuse(error, line: input.line)
                    continue
                }
                absent.insert(name.text)
                moments.append((at, [.wave(subject, payload)]))
            case .change, .outcome: continue
            }
        }
        tally = tally.adding(passedOver: input.passedOver)
        try tally.check(file)
        guard !moments.isEmpty else { throw Failure(.data, "\(file) holds nothing that can be played") }
        driven = input.kind == .waves ? [] : cells.map(\.part.identity.name.text)
        self.absent = absent
        self.gaps = gaps
        let played = absent.union(driven)
        live = system.cells.map(\.name).filter { !played.contains($0) }
        var notes = input.report.notes + tally.notes(of: file)
        let read = Set(places.flatMap(\.columns) + input.timePlaces)
        let unread = input.columns.indices.filter { !read.contains($0) }.map { input.columns[$0] }
        if input.kind != .waves, !unread.isEmpty {
            notes.append("columns that no cell reads: \(ReplayInput.list(unread))")
        }
        if !input.hasTimes, format.rate == nil {
            notes.append(
                "no time column: \(decimals(paces.max() ?? 1, 1)) rows a second, as the system file has it (--rate-hz, --time-column)"
            )
        }
        self.notes = notes
        // Times may lie a little before those of the row before: the order of the file counts.
        var latest = moments[0].at
        self.moments = moments.map { moment in
            latest = max(latest, moment.at)
            return (latest, moment.events)
        }
    }

    private static func events(
        _ numbers: [Double], _ columns: [Int], of member: ReplayCast.Member, _ environment: Environment
    ) -> [Event] {
        let row = columns.map { numbers[$0] }
        let subject = Subject.play(environment, cell: member.part.identity.name)
        guard row.contains(where: ReplayEvent.isAbsent) else {
            let isWhole = member.takesGaps || !row.contains(where: \.isNaN)
            return isWhole ? [.reading(subject, PlayedReading.row(row).bytes)] : []
        }
        return row.enumerated().filter { !$0.element.isNaN }.map {
            .reading(subject, PlayedReading.one($0.element, input: $0.offset).bytes)
        }
    }
}
