import NimmerBus
import NimmerOutput
import NimmerPlatform
import NimmerWave

#if canImport(Glibc)
    import Glibc
#endif

/// A file, or standard input, on its way into the store of artifacts, piece by piece.
final class ArtifactSource {
    /// Bytes of the file; nil for a pipe or device.
    let length: Int64?
    private let path: String
    private let descriptor: Int32
    private static let pieceBytes = 1 << 20

    /// Opens a file; `-`: standard input.
    init(_ path: String) throws(Failure) {
        self.path = path
        descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileText.failure("cannot read", path) }
        var status = stat()
        length = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? Int64(status.st_size) : nil
    }

    deinit { if path != "-" { close(descriptor) } }

    /// The name that a file has as an artifact, without putting it.
    static func reference(_ path: String) throws(Failure) -> ArtifactReference {
        let source = try ArtifactSource(path)
        var (hash, bytes, type) = (SHA256(), 0, nil as MediaType?)
        while true {
            let piece = try source.next()
            if bytes == 0 { type = MediaType(beginning: piece) ?? MediaType(fileName: path) }
            guard !piece.isEmpty else { break }
            hash.add(piece)
            bytes += piece.count
        }
        return ArtifactReference(digest: hash.digest, type: type ?? .binary, bytes: bytes)
    }

    /// The next bytes; none at the end.
    func next() throws(Failure) -> [UInt8] {
        var piece = [UInt8](repeating: 0, count: Self.pieceBytes)
        while true {
            let count = read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileText.failure("cannot read", path) }
            return Array(piece.prefix(count))
        }
    }
}

/// Destination of an artifact: a file that takes its name once every byte is there and the digest is right, or standard output.
struct ArtifactDestination {
    private let file: DraftedFile?

    /// Prepares to write.
    ///
    /// - Parameter path: a file, a folder, in which the file is named by the digest and never by what another client calls the object, or `-`
    ///   for standard output, as nil is where that is no terminal.
    init(_ path: String?, for info: ArtifactInfo) throws(Failure) {
        guard let path, path != "-" else {
            guard !Console.isTerminal else {
                throw Failure(
                    .usage, "standard output is a terminal, and the artifact \(info.digest.short) is \(info.type.text)",
                    remedy: "name a file with -o")
            }
            file = nil
            return
        }
        file = try DraftedFile(
            FileText.isDirectory(path) ? "\(path)/\(info.digest.text).\(info.type.fileExtension)" : path)
    }

    /// The file; nil for standard output.
    var path: String? { file?.path }

    func write(_ bytes: [UInt8]) throws {
        if let file { try file.write(bytes: bytes) } else { try Console.contents(bytes) }
    }

    func finish() throws(Failure) { try file?.finish() }

    func discard() { file?.discard() }
}
