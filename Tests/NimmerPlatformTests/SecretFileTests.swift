import Glibc
import Testing

@testable import NimmerPlatform

@Suite("A file of a secret")
struct SecretFileTests {
    private static let mark: [UInt8] = [0xef, 0xbb, 0xbf]

    private func write(_ bytes: [UInt8], to path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        try #require(file >= 0)
        defer { close(file) }
        #expect(Glibc.write(file, bytes, bytes.count) == bytes.count)
    }

    @Test("a byte order mark and line ends of every kind are no part of it, spaces are")
    func read() async throws {
        try await withFolder { folder in
            let path = folder + "/secret"
            for (before, after) in [
                ([], []), (Self.mark, []), ([], [0x0a]), (Self.mark, [0x0d, 0x0a]), ([], [0x0d, 0x0a]), ([], [0x0d]),
                (Self.mark, [0x0a, 0x0a] + Array("more\n".utf8)),
            ] as [([UInt8], [UInt8])] {
                try write(before + Array("p ä\u{feff}s ".utf8) + after, to: path)
                #expect(try SecretFile.read(path) == "p ä\u{feff}s ")
            }
            try write(Self.mark + Array("one\r\ntwo\r\n".utf8), to: path)
            #expect(try SecretFile.lines(path).split(whereSeparator: \.isNewline) == ["one", "two"])
        }
    }

    @Test("what holds no secret is refused by name, without a word of it")
    func refused() async throws {
        try await withFolder { folder in
            let path = folder + "/secret"
            let wide: [UInt8] = Array("hush\n".utf16).flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
            for (bytes, words) in [
                ([], "empty"), (Self.mark, "empty"), (Array("\nhush".utf8), "empty"), ([0xff, 0xfe] + wide, "UTF-16"),
                (wide, "UTF-16"), ([0x68, 0xe4, 0x68], "UTF-8"), ([UInt8](repeating: 0x68, count: 20_000), "longer"),
            ] {
                try write(bytes, to: path)
                let error = #expect(throws: SecretFileError.self) { try SecretFile.read(path) }
                #expect(error?.description.hasPrefix(path + ": ") == true)
                #expect(error?.reason.contains(words) == true, "\(error?.reason ?? "")")
                #expect(error?.reason.contains("hh") == false && error?.reason.contains("hush") == false)
            }
            let missing = #expect(throws: SecretFileError.self) { try SecretFile.read(folder + "/none") }
            #expect(missing?.reason == "No such file or directory")
        }
    }
}
