/// A format of packed files.
package struct PackedFile: Sendable {
    /// First bytes of such a file.
    package let magic: [UInt8]
    /// Program that unpacks it.
    package let program: String
    /// Package of Debian with the program.
    package let package: String

    /// Formats that recordings may have.
    package static let all = [
        PackedFile(magic: [0x1f, 0x8b], program: "gzip", package: "gzip"),
        PackedFile(magic: [0x28, 0xb5, 0x2f, 0xfd], program: "zstd", package: "zstd"),
        PackedFile(magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a], program: "xz", package: "xz-utils"),
        PackedFile(magic: [0x42, 0x5a, 0x68], program: "bzip2", package: "bzip2"),
        PackedFile(magic: [0x04, 0x22, 0x4d, 0x18], program: "lz4", package: "lz4"),
    ]

    /// The format of what begins with these bytes; nil where it is not one of ``all``.
    package init?(startOf bytes: some Collection<UInt8>) {
        guard let format = Self.all.first(where: { bytes.starts(with: $0.magic) }) else { return nil }
        self = format
    }

    private init(magic: [UInt8], program: String, package: String) {
        (self.magic, self.program, self.package) = (magic, program, package)
    }
}
