import Glibc
import NimmerPlatform

/// Gives back the pages of program text that only the start needed, so that an idle process stays small.
///
/// Starting runs through megabytes of code once, and the kernel maps what lies around it: about ten megabytes stay
/// resident that nothing reads again. Program text is never written to, so that letting go of it costs no more than
/// reading a page back from the file when it is wanted after all.
struct StartPages {
    /// A mapping of program text.
    struct Mapping: Hashable {
        var start: UInt
        var end: UInt
    }

    /// The mappings of program text, from `/proc/self/maps`: readable, executable, never writable, of a file.
    static func text(in maps: String) -> [Mapping] {
        maps.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count >= 6, fields[1] == "r-xp", fields[5].hasPrefix("/") else { return nil }
            let bounds = fields[0].split(separator: "-")
            guard bounds.count == 2, let start = UInt(bounds[0], radix: 16), let end = UInt(bounds[1], radix: 16),
                start < end
            else { return nil }
            return Mapping(start: start, end: end)
        }
    }

    /// Gives them back now; what cannot be given back stays.
    static func release() {
        for mapping in Self.text(in: SmallFile.read("/proc/self/maps") ?? "") {
            _ = madvise(
                UnsafeMutableRawPointer(bitPattern: mapping.start), Int(mapping.end - mapping.start), MADV_DONTNEED)
        }
    }
}
