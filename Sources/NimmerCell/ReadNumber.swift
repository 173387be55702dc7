import Glibc
import NimmerPlatform
import NimmerSystem

/// The number at the beginning of a file, such as one of /proc or /sys; for cells that look at their machine.
///
/// - Parameter path: a file whose first word is a finite decimal number; at most its first 4 KiB are read.
/// - Throws: a `Refusal` that names the file and what was found there.
public func readNumber(_ path: String) throws(Refusal) -> Double {
    let bytes: [UInt8]
    do throws(SystemCallError) {
        bytes = try SmallFile.bytes(path, limit: 4096, flags: O_NONBLOCK)
    } catch {
        throw Refusal(.missing, field: path, "\(path) cannot be read", found: error.reason)
    }
    let word = bytes.drop { $0 <= 32 }.prefix { $0 > 32 }
    let text = String(decoding: word, as: UTF8.self)
    guard let number = YAMLNode(text: text).number else {
        throw Refusal(
            .value, field: path, "\(path) must begin with a number", found: "'\(text.prefix(40))'")
    }
    return number
}
