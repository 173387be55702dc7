/// Reason why a system file was refused: where, what was found there and what was expected.
///
/// Its description is one line that a person can act on: `plant.yaml:12:7: found 1.5; expected a number from 0 to 1`.
/// Trying again never helps: the file has to change first.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Kind of mistake, for programs.
    public enum Code: String, Sendable {
        /// The file cannot be read.
        case unreadable
        /// The text is not YAML.
        case syntax
        /// The text is YAML but deeper, longer or more entangled than a system file may be.
        case tooLarge
        /// A key that nothing reads.
        case unknownKey
        /// A key or a name that occurs twice.
        case duplicate
        /// A key that must be there is not.
        case missing
        /// A value of the wrong type or outside its range.
        case invalid
    }

    /// Kind of the mistake, for programs.
    public var code: Code
    /// The file as the person named it.
    public var file: String
    /// Position in the file; line and column count from one.
    public var mark: YAMLMark
    /// Value that was found.
    public var found: String
    /// Value that was expected.
    public var expected: String

    /// A refusal at one place of one file.
    public init(_ code: Code, file: String, mark: YAMLMark, found: String, expected: String) {
        self.code = code
        self.file = file
        self.mark = mark
        self.found = found
        self.expected = expected
    }

    /// `FILE:LINE:COLUMN: found …; expected …`.
    public var description: String { "\(file):\(mark): found \(found); expected \(expected)" }

    /// Indicates whether the same file can pass later: only when it could not be read.
    public var isRetryable: Bool { code == .unreadable }
}
