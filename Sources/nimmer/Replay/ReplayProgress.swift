import NimmerOutput
import NimmerReplay
import NimmerWave

/// Prints the progress of a long replay on standard error.
struct ReplayProgress {
    /// Below this size a replay is over before progress could be read.
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

extension ReplayRun {
    /// Runs to the recording's end, and prints its progress.
    mutating func finish(
        _ progress: inout ReplayProgress, _ take: (ReplayOutput) throws(ReaderGone) -> Void
    ) throws {
        defer { progress.clear() }
        try finish(progress: { progress.show($0, rows: $1) }, take)
        progress.passed(size)
    }
}
