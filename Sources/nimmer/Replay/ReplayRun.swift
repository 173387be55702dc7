import NimmerCell
import NimmerSystem
import NimmerWave

#if canImport(Glibc)
    import Glibc
#endif

/// One system on its way through one recording.
struct ReplayRun {
    private var input: ReplayInput
    private var replay: Replay
    /// What somebody did beside what the nerves were doing; nil when nobody asks.
    private(set) var labels: ReplayLabels?
    /// What a person should know before it begins.
    let notes: [String]

    /// Opens the system and the recording, and gives each cell its column.
    ///
    /// - Throws: ``Failure`` with the file, the line, what was found and what was expected.
    init(
        systemPath: String, bytes: [UInt8], file: String, format: ReplayFormat,
        mapping: [(column: String, cell: String)], environment: Environment
    ) throws(Failure) {
        let system: SystemFile
        do throws(SystemError) {
            system = try SystemFile(path: systemPath)
        } catch { throw Failure(.failed, error.description) }
        let cast = try ReplayCast(system, environment: environment)
        let paces = cast.members.compactMap(\.pace)
        input = try ReplayInput(bytes, file: file, format: format, pace: paces.max() ?? 1)
        var notes: [String] = []
        var places = [Int?](repeating: nil, count: cast.members.count)
        if input.kind != .waves {
            guard cast.members.contains(where: { $0.part.identity.role == .cell }) else {
                throw Failure(
                    .failed, "\(systemPath) has no cell that reads a column; \(file) holds numbers",
                    mend: "sensor/v1 and distance/v1 cells read columns")
            }
            places = try cast.places(in: input.columns, of: file, mapping: mapping)
            for (kind, count) in cast.leftOut {
                notes.append(
                    "\(nimmer.count(count, "cell")) of kind \(kind) left out: no recording of numbers drives it")
            }
            if !input.hasTimes, format.rate == nil {
                notes.append(
                    "no time column: \(decimals(paces.max() ?? 1, 1)) rows a second, as the system file has it "
                        + "(--rate-hz, --time-column)")
            }
        }
        replay = try Replay(system, cast: cast, places: places, environment: environment)
        self.notes = notes
        if format.labelColumn != nil {
            let nerves = cast.members.map(\.part.identity).filter { $0.role == .nerve }.map(\.name)
            guard !nerves.isEmpty else {
                throw Failure(
                    .failed, "\(systemPath) has no nerve to compare with a column", mend: "leave out --labels")
            }
            labels = ReplayLabels(nerves: nerves)
        }
    }

    /// The size of the recording in bytes.
    var size: Int { input.size }
    /// What has come out so far.
    var counts: ReplayCounts { replay.counts }

    /// Runs to the recording's end.
    mutating func finish(
        _ progress: inout ReplayProgress, _ say: (ReplayOutput) throws(ReaderGone) -> Void
    ) throws {
        defer { progress.clear() }
        while let event = try input.next() {
            for output in replay.take(event) {
                labels?.take(output)
                try say(output)
            }
            labels?.count(input.label)
            progress.show(input.progress, rows: replay.counts.rows)
        }
        progress.passed(input.size)
    }
}

/// Tells a person who watches how far a long replay has come, on standard error.
struct ReplayProgress {
    /// Below this size a replay is over before a person could read about it.
    private static let long = 4_000_000

    private let total: Int
    private let isShown: Bool
    private var before = 0
    private var current = 0.0
    private var lastPercent = -1

    init(bytes: Int) {
        total = max(1, bytes)
        isShown = bytes >= Self.long && Console.errorsAreSeen
    }

    mutating func show(_ part: Double, rows: Int) {
        guard isShown, rows % 1024 == 0 else { return }
        current = part
        let percent = Int(
            saturating: 100 * (Double(before) / Double(total) + part * Double(total - before) / Double(total)))
        guard percent != lastPercent else { return }
        lastPercent = percent
        Console.progress("\r\u{1b}[K\(percent) %  \(rows) rows")
    }

    /// A recording of this size is done.
    mutating func passed(_ bytes: Int) { before += bytes }

    func clear() {
        if isShown, lastPercent >= 0 { Console.progress("\r\u{1b}[K") }
    }
}
