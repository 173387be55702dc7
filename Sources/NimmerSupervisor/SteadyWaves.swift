import NimmerWave

/// Folds the waves of `nimmer up` that repeat the last one of their origin: as sure within ``tolerance``, with the same words. Their number, and
/// the newest of them, are one line.
package struct SteadyWaves: Sendable {
    /// Difference of confidence from the first of a row that is no change.
    package static let tolerance = 0.05
    /// Time between two lines of one steady origin, in milliseconds.
    package static let interval = 15_000.0
    /// Time between two writings of a line in its place, in milliseconds.
    package static let rewriting = 250.0
    /// Origins that are remembered at most.
    private static let maximum = 4096

    /// Waves of one origin that are one line.
    package struct Fold: Sendable {
        /// Origin, region and sender, for the line that shows it.
        package let origin: String
        /// Number of waves since the row began.
        package internal(set) var count: Int
        /// Time of the earliest, as its own line shows it.
        package internal(set) var since: Timestamp
        /// Subject of the newest.
        package internal(set) var subject: String
        /// The newest.
        package internal(set) var newest: Envelope<WaveSignal>
    }

    /// Verdict on a wave.
    package enum Verdict: Sendable {
        /// It is the first of a row. The row before it, where waves of it were not shown and mattered.
        case first(Fold, after: Fold?)
        /// It repeats what was shown; whether its line is due even where a line cannot be written again.
        case repeats(Fold, isDue: Bool)
        /// It repeats what was shown a moment ago.
        case repeatsSoon
    }

    private struct Row {
        var fold: Fold
        let confidence: Double
        let polarity: Int
        let words: [UInt8]
        var lastLine: Timestamp
        var lastWritten: Timestamp
        var isShown = true
    }

    private var rows: [String: Row] = [:]

    package init() {}

    /// Judges a wave that came on a subject.
    package mutating func judge(_ wave: Envelope<WaveSignal>, on subject: String, at now: Timestamp) -> Verdict {
        let body = wave.body
        let origin =
            "\(subject) \(body.effectiveRegion.text) \(body.origin?.text ?? "") \(wave.header.source.garden.rawValue)"
        let words = Self.words(body.semanticContent.text.utf8)
        if var row = rows[origin], row.polarity == body.polarity, row.words == words,
            abs(row.confidence - body.confidence) < Self.tolerance
        {
            row.fold.count += 1
            row.fold.newest = wave
            row.fold.since = min(row.fold.since, wave.header.timestamp)
            row.fold.subject = subject
            row.isShown = false
            defer { rows[origin] = row }
            guard now.milliseconds(since: row.lastWritten) >= Self.rewriting else { return .repeatsSoon }
            row.lastWritten = now
            return .repeats(row.fold, isDue: now.milliseconds(since: row.lastLine) >= Self.interval)
        }
        let before = rows[origin]
        if rows.count >= Self.maximum, before == nil { rows.removeAll() }
        let fold = Fold(
            origin: origin, count: 1, since: wave.header.timestamp, subject: subject, newest: wave)
        rows[origin] = Row(
            fold: fold, confidence: body.confidence, polarity: body.polarity, words: words, lastLine: now,
            lastWritten: now)
        let mattered = before.map { !$0.isShown && $0.fold.newest.body.confidence >= DisplayRateLimiter.floor } ?? false
        return .first(fold, after: mattered ? before?.fold : nil)
    }

    /// Takes in that the line of a row shows all of it.
    ///
    /// - Parameter isBelow: whether it was due, and may stand below the others.
    package mutating func shown(_ fold: Fold, isBelow: Bool, at now: Timestamp) {
        rows[fold.origin]?.isShown = true
        if isBelow { rows[fold.origin]?.lastLine = now }
    }

    /// A JSON text without its numbers: what changes when something else is stated, not when a value moves.
    static func words(_ text: some Sequence<UInt8>) -> [UInt8] {
        var words: [UInt8] = []
        var isText = false
        var isEscaped = false
        for byte in text {
            if isText {
                words.append(byte)
                if byte == UInt8(ascii: "\""), !isEscaped { isText = false }
                isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
                continue
            }
            switch byte {
            case UInt8(ascii: "\""):
                isText = true
                isEscaped = false
                words.append(byte)
            case 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "E"):
                if words.last != UInt8(ascii: "#") { words.append(UInt8(ascii: "#")) }
            case UInt8(ascii: "e") where words.last == UInt8(ascii: "#"): break
            case 0x20, 0x09, 0x0a, 0x0d: break
            default: words.append(byte)
            }
        }
        return words
    }
}

/// The lowest lines of a terminal as far as they show folded waves, so that they are written again in their place instead of below.
package struct FoldedLines: Sendable {
    /// Origins of the lowest lines, the lowest last.
    private var lowest: [String] = []
    private var columns = 0

    package init() {}

    /// Takes in that another line was printed.
    package mutating func other() { lowest = [] }

    /// Takes in that the line of an origin was printed below the others.
    ///
    /// - Parameter width: its width; one that fills the terminal takes several rows, and is not written again.
    package mutating func append(_ origin: String, width: Int, columns: Int) {
        if columns != self.columns { lowest = [] }
        self.columns = columns
        guard width < columns else { return other() }
        lowest.append(origin)
        if lowest.count > 64 { lowest.removeFirst() }
    }

    /// Number of lines up to the one of an origin; nil where it is not among the lowest any more, or the terminal has changed its width.
    package func distance(to origin: String, columns: Int, rows: Int) -> Int? {
        guard columns == self.columns, let place = lowest.lastIndex(of: origin) else { return nil }
        let distance = lowest.count - place
        return distance < rows ? distance : nil
    }
}
