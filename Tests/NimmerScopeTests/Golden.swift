import Glibc
import NimmerTerminal
import NimmerWave
import Testing

@testable import NimmerScope

/// Screens that are kept as files under Golden/: compared, or rewritten with `NIMMER_WRITE_GOLDEN=1`.
enum Golden {
    static let folder = #filePath.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/Golden"
    static var isWriting: Bool { getenv("NIMMER_WRITE_GOLDEN") != nil }

    /// Compares a text with the file of a name.
    static func check(_ text: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let path = "\(folder)/\(name)"
        if isWriting {
            write(Array(text.utf8), path)
            return
        }
        guard let kept = read(path) else {
            Issue.record("\(name) is missing: write it with NIMMER_WRITE_GOLDEN=1", sourceLocation: sourceLocation)
            return
        }
        guard kept != text else { return }
        let (old, new) = (kept.split(separator: "\n"), text.split(separator: "\n"))
        let place = zip(old, new).enumerated().first { $0.element.0 != $0.element.1 }
        Issue.record(
            """
            \(name) differs (NIMMER_WRITE_GOLDEN=1 writes it anew), first in line \((place?.offset ?? min(old.count, new.count)) + 1):
            kept: \(place?.element.0 ?? "")
            now:  \(place?.element.1 ?? "")
            """, sourceLocation: sourceLocation)
    }

    /// Compares a screen as text, with its styles where a depth is given. With `NIMMER_WRITE_SCREENS=<folder>` the bytes that a
    /// terminal would get are written there too, to be painted.
    static func check(
        _ screen: ScreenBuffer, _ name: String, styles: ColorDepth? = nil, painted: ColorDepth = .truecolor,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        check(styles.map(screen.styleDump) ?? screen.text, name + ".txt", sourceLocation: sourceLocation)
        if let folder = getenv("NIMMER_WRITE_SCREENS") {
            var encoder = ScreenEncoder(depth: styles ?? painted)
            let bytes = Array("\u{1b}[H".utf8) + encoder.frame(screen)
            write(bytes, "\(String(cString: folder))/\(name)-\(screen.width)x\(screen.height).ans")
        }
    }

    private static func read(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func write(_ bytes: [UInt8], _ path: String) {
        guard let file = fopen(path, "w") else {
            Issue.record("cannot write \(path)")
            return
        }
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
    }
}
