/// Reads system files, and values in their notation. An executable hands its adapter's reader to the runtime: `YAML.reader`.
///
/// A port: what needs settings (NimmerProcess, and so every cell) links no parser.
public struct SystemFileReader: Sendable {
    /// Reads and checks the file at a path; throws `unreadable` with the system's reason, or the first mistake with its place.
    public var file: @Sendable (_ path: String) throws(SystemError) -> SystemFile
    /// Reads UTF-8 bytes as one value; the second argument is what a refusal calls the text.
    public var value: @Sendable (_ text: [UInt8], _ file: String) throws(SystemError) -> YAMLNode
    /// Reads the file at a path and leaves out what is wrong in it, so that a part of a file with mistakes elsewhere can be checked;
    /// throws `unreadable`, or `syntax` for what is not YAML.
    package var sound: @Sendable (_ path: String) throws(SystemError) -> SystemFile

    /// A reader.
    ///
    /// - Parameters:
    ///   - file: reads and checks the file at a path.
    ///   - value: reads bytes as one value; the second argument is what a refusal calls the text.
    public init(
        file: @escaping @Sendable (_ path: String) throws(SystemError) -> SystemFile,
        value: @escaping @Sendable (_ text: [UInt8], _ file: String) throws(SystemError) -> YAMLNode
    ) {
        self.file = file
        self.value = value
        sound = file
    }

    package init(
        file: @escaping @Sendable (_ path: String) throws(SystemError) -> SystemFile,
        sound: @escaping @Sendable (_ path: String) throws(SystemError) -> SystemFile,
        value: @escaping @Sendable (_ text: [UInt8], _ file: String) throws(SystemError) -> YAMLNode
    ) {
        self.init(file: file, value: value)
        self.sound = sound
    }
}
