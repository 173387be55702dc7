import NimmerWave

extension ScopeState {
    /// The scope's window as files: its messages as CSV, its drawing as SVG.
    func export() -> ScopeExport {
        let window = window(layout, now.nanoseconds)
        let end = min(window.end, max(now.nanoseconds, lastArrival) + 1)
        let digits = Timestamp(nanoseconds: end).rfc3339.prefix(19).filter(\.isNumber)
        return ScopeExport(
            name: "scope-\(digits.prefix(8))-\(digits.suffix(6))", csv: csv(from: window.start, to: end),
            svg: drawing(from: window.start, to: end))
    }

    /// Everything that is kept as an SVG drawing: traces, openings as bands, collapses and escalations as marks, a legend; light
    /// or dark as the reader's screen is.
    public func plot() -> [UInt8] {
        let first = buffer.entries.oldest?.at ?? now.nanoseconds
        let last = max(first, buffer.entries.last?.at ?? first)
        return drawing(from: first, to: last + max(1_000_000, (last - first) / 100))
    }

    /// Returns a stretch of time as CSV (RFC 4180): one message a line, whole where it is still kept.
    func csv(from: Int64, to: Int64) -> [UInt8] {
        var out = Array("arrived,kind,subject,region,origin,value,garden,message\r\n".utf8)
        var place = buffer.shown.firstNumber { buffer.entries[$0].at >= from }
        while place < buffer.shown.end {
            let entry = buffer.entries[buffer.shown[place]]
            place += 1
            guard entry.at < to else { break }
            let isWave = entry.kind == .wave
            let sign = Sign(entry)
            let fields = [
                Timestamp(nanoseconds: entry.at).rfc3339, sign.word, buffer.subjects[Int(entry.subject)].text,
                entry.lane == Entry.noLane ? "" : buffer.lanes[Int(entry.lane)].name,
                isWave ? buffer.traces[Int(entry.trace)].origin : "",
                entry.value.isFinite ? decimals(Double(entry.value), 4) : "",
                isWave ? (entry.flags.contains(.virtual) ? "virtual" : "real") : "",
            ]
            out += Array(fields.joined(separator: ",").utf8)
            out.append(0x2c)
            if let bytes = buffer.bytes(of: entry) { quote(bytes, into: &out) }
            out += [0x0d, 0x0a]
        }
        return out
    }

    private func quote(_ bytes: ArraySlice<UInt8>, into out: inout [UInt8]) {
        out.append(0x22)
        for byte in bytes {
            if byte == 0x22 { out.append(0x22) }
            out.append(byte)
        }
        out.append(0x22)
    }
}
