import NimmerWave

/// A stretch of time in columns, a cell a row: the least and the greatest of each column, so that no spike is lost (web.md, History).
package struct PageHistory: Sendable {
    /// Columns at most.
    package static let maximumColumns = 2000

    /// Begin and end, in nanoseconds since 1970.
    package let from: Int64
    package let to: Int64
    package let columns: Int
    private var rows: [Int: Row] = [:]

    private struct Row: Sendable {
        var low: [Int8]
        var high: [Int8]
        var count: [UInt8]
    }

    /// An empty stretch; `to` is after `from`.
    package init(from: Int64, to: Int64, columns: Int) {
        self.from = from
        self.to = max(to, from.addingSaturated(1))
        self.columns = max(1, min(columns, Self.maximumColumns))
    }

    /// Takes in a wave.
    package mutating func add(cell: Int, value: Float, at: Int64) {
        guard at >= from, at < to, value.isFinite else { return }
        let column = min(columns - 1, Int(saturating: Double(at - from) / Double(to - from) * Double(columns)))
        let scaled = Int8(saturating: Double((max(-1, min(1, value)) * 127).rounded()))
        var row =
            rows.removeValue(forKey: cell)
            ?? Row(
                low: .init(repeating: 0, count: columns), high: .init(repeating: 0, count: columns),
                count: .init(repeating: 0, count: columns))
        let isFirst = row.count[column] == 0
        row.low[column] = isFirst ? scaled : min(row.low[column], scaled)
        row.high[column] = isFirst ? scaled : max(row.high[column], scaled)
        row.count[column] = min(254, row.count[column]) + 1
        rows[cell] = row
    }

    package var json: JSON {
        .array(
            rows.sorted { $0.key < $1.key }.map { cell, row in
                [
                    "c": PageText.count(cell), "min": .string(Base64.text(row.low.map { UInt8(bitPattern: $0) })),
                    "max": .string(Base64.text(row.high.map { UInt8(bitPattern: $0) })),
                    "count": .string(Base64.text(row.count)),
                ]
            })
    }
}

extension ScopeState {
    /// Adds the waves of a stretch of time that are kept.
    ///
    /// - Parameters:
    ///   - numbers: the cell of each trace; nil for one that pages do not know.
    ///   - end: time from which on waves are left out.
    /// - Returns: whether there was a wave of one that pages do not know.
    @discardableResult
    package func addPageHistory(to history: inout PageHistory, numbers: [Int?], until end: Int64 = .max) -> Bool {
        let entries = buffer.entries
        let start = entries.firstNumber { $0.at >= history.from }
        var isUnknown = false
        for number in start..<max(start, entries.end) {
            let entry = entries[number]
            guard entry.at < min(history.to, end) else { break }
            guard entry.kind == .wave, numbers.indices.contains(Int(entry.trace)) else { continue }
            guard let cell = numbers[Int(entry.trace)] else {
                isUnknown = true
                continue
            }
            history.add(cell: cell, value: entry.value, at: entry.at)
        }
        return isUnknown
    }

    /// Time of the oldest entry that is kept; nil before the first.
    package var oldestKept: Int64? { buffer.entries.oldest?.at }
}

extension PageFeed {
    /// Number of a region's gate.
    package func gate(ofRegion region: String, _ state: ScopeState) -> Int? {
        names.gate(state.buffer.homes.home(of: region)) ?? names.gate(region)
    }

    /// Time from which on all events are kept: that of the oldest where older ones were let go, else of the oldest of all messages.
    package func oldestMark(_ state: ScopeState) -> Int64? {
        let first = recent.oldest?["t"]?.double.map { Timestamp(milliseconds: $0).nanoseconds }
        guard recent.first == 0 else { return first }
        return [first, state.oldestKept].compactMap { $0 }.min()
    }

    /// The frames of events of a stretch of time that a page may have missed, and the potentials in it.
    package func marks(from: Int64, to: Int64, _ state: ScopeState) -> [JSON] {
        let events = recent.numbers.map { recent[$0] }.filter { frame in
            guard let t = frame["t"]?.double else { return false }
            return t >= Double(from) / 1e6 && t < Double(to) / 1e6
        }.map { JSON.object($0) }
        return events + potentials(from: from, to: to, state)
    }

    /// The potentials of each gate in a stretch of time, at most two a second.
    private func potentials(from: Int64, to: Int64, _ state: ScopeState) -> [JSON] {
        let least = max(500_000_000, elapsed(from: from, to: to) / 240)
        return names.gates.enumerated().compactMap { number, name in
            guard let track = state.gates.tracks[name] else { return nil }
            var found: [JSON] = []
            var last = Int64.min
            for place in track.samples.numbers {
                let sample = track.samples[place]
                // One that stays the same is reported each second, and kept once.
                let isHeld = abs(Double(sample.potential)) > Self.rest
                let next =
                    place + 1 < track.samples.end ? track.samples[place + 1].at : max(sample.at, state.gates.attended)
                var at = sample.at
                while at < to, at == sample.at || isHeld && at < next {
                    if at >= from, last == .min || elapsed(from: last, to: at) >= least {
                        last = at
                        found.append(
                            .array([
                                PageText.count(number), PageText.number(Double(sample.potential)), PageText.moment(at),
                                PageText.number(track.gate.weight), PageText.count(track.gate.witnesses),
                            ]))
                    }
                    at = at.addingSaturated(max(1_000_000_000, least))
                }
            }
            return found.isEmpty ? nil : ["k": .string("potential"), "p": .array(found)]
        }
    }
}

// MARK: - The past, read again

extension PageFeed {
    /// The frames of events of another feed, with the numbers that this one's pages know; what has no number here is left out.
    ///
    /// - Parameter other: a feed over what was read from the streams or from memory.
    package mutating func marks(of other: PageFeed) -> [JSON] {
        other.recent.numbers.compactMap { translated(other.recent[$0], from: other).map { .object($0) } }
    }

    private mutating func translated(_ frame: JSONObject, from other: PageFeed) -> JSONObject? {
        var frame = frame
        if let gate = frame["g"]?.int {
            guard let own = names.gate(other.names.gates[gate]) else { return nil }
            frame["g"] = PageText.count(own)
        }
        if let mind = frame["m"]?.int {
            let known = other.names.minds[mind]
            frame["m"] = PageText.count(names.mind(known.name, isBridge: known.isBridge))
        }
        if let organ = frame["o"]?.int { frame["o"] = PageText.count(names.organ(other.names.organs[organ].name)) }
        if let cells = frame["cells"]?.array {
            frame["cells"] = .array(
                cells.compactMap { $0.int.flatMap { cell(other.names.cells[$0], of: other) } }.map {
                    PageText.count($0)
                })
        }
        return frame
    }

    /// The number here of a cell of another feed, in the same gate; nil for one that no page here knows.
    private func cell(_ known: PageNames.Cell, of other: PageFeed) -> Int? {
        let gate = known.gate < 0 ? nil : names.gate(other.names.gates[known.gate])
        return names.cells.firstIndex { $0.name == known.name && $0.isVirtual == known.isVirtual && $0.gate == gate }
    }

    /// The number of the cell of each trace.
    package var cells: [Int?] { names.cellOfTrace }

    /// The number here of the cell of each trace of another feed; nil for one that no page here knows.
    package func cells(of other: PageFeed) -> [Int?] {
        other.names.cellOfTrace.map { cell(other.names.cells[$0], of: other) }
    }
}
