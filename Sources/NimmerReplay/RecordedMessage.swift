import NimmerOutput
import NimmerSensing
import NimmerWave

/// One message of a recording: a line `{"at": …, "subject": …, "message": {…}}`. Every reader of recorded messages reads it by this
/// definition, and refuses with its words.
package struct RecordedMessage: Equatable, Sendable {
    /// Moment at which it arrived.
    package var at: Timestamp
    package var subject: String
    package var payload: [UInt8]

    package init(at: Timestamp, subject: String, payload: [UInt8]) {
        self.at = at
        self.subject = subject
        self.payload = payload
    }

    /// Reads a line, without its end. The message itself stays as it is, for the decoders of the wire.
    ///
    /// - Parameter times: format of `at`.
    /// - Returns: nil for a blank line and for a comment, which begins with `#`.
    /// - Throws: ``Misfit`` with what was found and what was expected.
    package static func read(line: ArraySlice<UInt8>, times: TimeFormat = .automatic) throws(Misfit) -> Self? {
        let line = line.starts(with: [0xef, 0xbb, 0xbf]) ? line.dropFirst(3) : line
        guard let first = line.first(where: { $0 > 0x20 }), first != UInt8(ascii: "#") else { return nil }
        if let misfit = TextEncoding.misfit(line) { throw Misfit(.notText, found: misfit, expected: Misfit.form) }
        guard let json = try? JSON(lenient: Array(line), keepingRaw: ["message"]), json.object != nil else {
            throw Misfit(.notJSON, found: "a line that is no JSON object", expected: Misfit.form)
        }
        guard let subject = json["subject"]?.string, let message = json["message"] else {
            throw Misfit(.notMessage, found: "a line without subject and message", expected: Misfit.form)
        }
        guard let at = json["at"]?.string.flatMap({ times.moment($0) }) else {
            throw Misfit(
                .noTime, found: json["at"]?.text.cut(to: 60) ?? "no 'at'", expected: "at: \(times.expectation)")
        }
        return Self(at: at, subject: subject, payload: message.bytes)
    }

    /// Reason why a line is no message.
    package struct Misfit: Error, Equatable, CustomStringConvertible {
        /// Kind of misfit.
        package enum Kind: Sendable { case notText, notJSON, notMessage, noTime }

        package let kind: Kind
        package let found: String
        package let expected: String

        static let form = #"{"at": …, "subject": …, "message": {…}}"#

        init(_ kind: Kind, found: String, expected: String) {
            (self.kind, self.found, self.expected) = (kind, found, expected)
        }

        package var description: String { "found \(found); expected \(expected)" }
    }
}
