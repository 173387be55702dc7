import NimmerWave

/// Returns whether a message or a field is positive infinity, as drivers of range sensors write it where nothing is in range: `inf`, `Infinity`,
/// with or without a plus sign, bare or as a text in JSON.
///
/// - Parameters:
///   - bytes: the message.
///   - path: dot-separated keys and places into the JSON; empty for the whole message.
package func isInfinity(_ bytes: [UInt8], path: String = "") -> Bool {
    if isInfinityWord(bytes[...]) { return path.isEmpty }
    guard var json = try? JSON(parsing: bytes) else { return false }
    for step in path.split(separator: ".") {
        guard let next = json[String(step)] ?? Int(step).flatMap({ json[$0] }) else { return false }
        json = next
    }
    return json.string.map { isInfinityWord(Array($0.utf8)[...]) } ?? false
}

private func isInfinityWord(_ bytes: ArraySlice<UInt8>) -> Bool {
    var word = bytes
    while let first = word.first, first <= 32 || first == UInt8(ascii: "+") { word.removeFirst() }
    while let last = word.last, last <= 32 { word.removeLast() }
    let letters = word.map { $0 | 0x20 }
    return letters == Array("inf".utf8) || letters == Array("infinity".utf8)
}
