import NimmerSystem
import NimmerSystemFile
import NimmerWave

/// A system file is read or refused with its place. Not `system`: that is the C library's, which runs its input in a shell.
func systemFile(_ bytes: [UInt8]) {
    do throws(SystemError) {
        let file = try SystemFile(parsing: bytes, file: "fuzz")
        hold(!file.name.isEmpty, "no name")
    } catch {
        hold(error.description.hasPrefix("fuzz"), "no place: \(error)")
    }
}

/// Names and subjects: what is valid stays so, and patterns match by the rules, written down once more and more slowly.
func subject(_ bytes: [UInt8]) {
    let parts = bytes.split(separator: 0x0a, maxSplits: 1, omittingEmptySubsequences: false)
        .map { String(decoding: $0, as: UTF8.self) }
    let (first, second) = (parts[0], parts.count > 1 ? parts[1] : parts[0])
    if let token = try? Token(first) { hold((try? Token(token.text)) == token, "a token") }
    if let region = try? Region(first) {
        let gate = GateID(region: region)
        hold((try? GateID(gate.text)) == gate, "the gate of \(region) has no valid name: \(gate)")
    }
    if let id = try? MessageID(first) { hold((try? MessageID(id.text)) == id, "an id") }
    if let time = try? Timestamp(rfc3339: first) {
        hold((try? Timestamp(rfc3339: time.rfc3339)) == time, "a time: \(first) \(time.rfc3339)")
    }
    guard let subject = try? Subject(foreign: first) else { return }
    hold((try? SubjectPattern(first))?.matches(subject) == true, "a subject is no pattern of itself")
    if let shared = SharedSubject(subject) {
        hold(shared.plain.from(shared.sender) == subject, "taken apart and put together: \(subject)")
        hold(
            SubjectPattern.shared(shared.plain).filter { $0.matches(subject) }.count == 1,
            "one of both forms: \(subject)")
    }
    _ = subject.feedbackGate
    guard let pattern = try? SubjectPattern(second) else { return }
    hold(pattern.matches(subject) == isMatch(second, first), "\(second) and \(first)")
}

private func isMatch(_ pattern: String, _ subject: String) -> Bool {
    let wanted = pattern.utf8.split(separator: 0x2e, omittingEmptySubsequences: false).map(Array.init)
    let found = subject.utf8.split(separator: 0x2e, omittingEmptySubsequences: false).map(Array.init)
    for (place, token) in wanted.enumerated() {
        if token == [0x3e] { return found.count > place }
        guard place < found.count, token == [0x2a] || token == found[place] else { return false }
    }
    return wanted.count == found.count
}

/// Nothing hidden is left of any text, and tables and journals that somebody wrote by hand are read.
func text(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    let visible = text.visible()
    hold(visible.unicodeScalars.allSatisfy { !$0.isHidden || $0.isVariation }, "hidden characters are left")
    hold(visible.visible() == visible, "not the same the second time")
    hold(text.visibleLines.unicodeScalars.allSatisfy { $0 == "\n" || !$0.isHidden || $0.isVariation }, "in lines")
    for limit in [0, 1, 7] {
        hold(text.visible(limit: limit).unicodeScalars.count < limit * 12 + 40, "longer than allowed")
    }
    let table = DelimitedText(guessedFrom: bytes[...])
    let cells = table.cells(bytes[...])
    for cell in cells { _ = NumberText.number(in: cell) }
    if let names = table.names(bytes[...]) { hold(names.count == cells.count, "names and cells") }
    recording(bytes)
}

/// A table in any encoding has rows of its width, and each cell is a number, a gap or neither.
private func recording(_ bytes: [UInt8]) {
    let text = TextEncoding(of: bytes).utf8(bytes)
    hold(String(validating: text, as: UTF8.self) != nil || TextEncoding(of: bytes) == .utf8, "no UTF-8")
    let lines = text.split(separator: 10, omittingEmptySubsequences: false)
    let layout = TableLayout(lines)
    hold(layout.names.map { $0.count == layout.width } ?? true, "names of another width")
    hold(layout.linesBefore <= lines.count, "more lines before than there are")
    var columns = [NumberColumn](repeating: NumberColumn(decimal: nil), count: layout.width)
    var cells = 0
    for line in lines.dropFirst(layout.linesBefore) where !layout.isAside(line) {
        guard let row = layout.row(line) else { continue }
        hold(row.count == layout.width, "a row of another width")
        for (place, cell) in row.enumerated() {
            cells += 1
            if case .number(let number) = columns[place].read(cell) { hold(!number.isNaN, "not a number") }
        }
    }
    hold(columns.reduce(0) { $0 + $1.numbers + $1.gaps + $1.unreadable } == cells, "cells that were not counted")
    for column in columns { _ = column.mark(besides: nil, groupsWithCommas: true) }
    _ = try? JSON(lenient: bytes)
}
