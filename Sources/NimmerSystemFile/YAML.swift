import NimmerSystem

/// The adapter of system files, by libyaml.
public enum YAML {
    /// Reads system files. Hand it to the runtime: `await MyCell.run(on: NATS.connector, reading: YAML.reader)`.
    public static let reader = SystemFileReader(
        file: { (path) throws(SystemError) in try SystemFile(path: path) },
        sound: { (path) throws(SystemError) in
            try SystemMistakes(in: try SystemFile.contents(of: path), file: path).sound
        },
        value: { (text, file) throws(SystemError) in try YAMLParser.parse(text, file: file) })
}
