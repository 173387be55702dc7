import Glibc
import NimmerServers

/// Reason why a command could not do what it was asked, described so that a person can act on it.
///
/// Printed as `nimmer: <message>`, and under it what to do.
package struct Failure: Error, Equatable, CustomStringConvertible {
    /// Exit status that a script sees: one table for all commands (docs/reference/output.md, Exit statuses), as in sysexits.h.
    package enum Status: Int32, CaseIterable {
        /// A check was made and did not pass, or what was asked for was refused or is not there.
        case failed = 1
        /// Wrong arguments, variables or environment.
        case usage = 64
        /// Input that cannot be understood.
        case data = 65
        /// A file that is not there or cannot be read.
        case noInput = 66
        /// A server, device or program that is needed does not answer or is not there.
        case unavailable = 69
        /// A mistake of the program's own.
        case software = 70
        /// A file or folder that cannot be made.
        case cannotCreate = 73
        /// Reading or writing failed halfway.
        case io = 74
        /// Something that may pass: trying again can help.
        case temporary = 75
        /// A permission is missing: of a file, a folder, or at a server.
        case permission = 77
        /// A wrong system file or setting.
        case configuration = 78
    }

    package let status: Status
    /// Description of the failure: one line, no trailing full stop.
    package let message: TerminalText
    /// Remedy, or nil when there is nothing to do.
    package let remedy: TerminalText?

    package init(_ status: Status, _ message: TerminalText, remedy: TerminalText? = nil) {
        self.status = status
        self.message = message
        self.remedy = remedy
    }

    /// The message, without the remedy.
    package var description: String { message.text }

    /// The failure as it is printed: the line, and what to do under it.
    package var printed: TerminalText {
        var text: TerminalText = "nimmer: \(message)"
        if let remedy {
            text += "\n  \(remedy.lines.joined(separator: "\n  "))"
        }
        return text
    }

    /// The same with a message from outside: a library's or a server's.
    @_disfavoredOverload
    package init(_ status: Status, _ outside: String, remedy: TerminalText? = nil) {
        self.init(status, TerminalText(outside), remedy: remedy)
    }
}

extension Failure {
    /// Maps a failure of a child process or private server, its last lines under it.
    package init(_ error: ServerError) {
        self.init(error.status, error.printed)
    }

    /// Work on folders and servers, with its errors as those of a command.
    package static func ofServers<Result>(_ body: () throws(ServerError) -> Result) throws(Failure) -> Result {
        do throws(ServerError) {
            return try body()
        } catch {
            throw Failure(error.status, error.message)
        }
    }
}

extension ServerError {
    /// Exit status of a command that it ends.
    fileprivate var status: Failure.Status {
        switch code {
        case .untrusted, .account: .permission
        case .folder: .cannotCreate
        case .alreadyRunning: .temporary
        case .missingExecutable, .spawn, .notReady, .port, .database, .openSSL: .unavailable
        }
    }
}

extension ServerError {
    /// The message and, each on a line of its own, what the process wrote last.
    package var printed: TerminalText {
        (["\(message)"] + lastLines.map { "    \($0)" }).joined(separator: "\n")
    }
}

/// Standard output took no more: its reader has gone, or the disk behind it is full.
package struct ReaderGone: Error, CustomStringConvertible {
    /// The error number of the system; `EPIPE` where the reader has gone.
    package let code: Int32

    package init(code: Int32 = EPIPE) { self.code = code }

    /// Message with the reason that the system gave.
    package var description: String { "cannot write all of the output: \(String(cString: strerror(code)))" }

    /// Indicates whether a reader has gone that may have had enough, as `head -3` has of what never ends.
    package var isReader: Bool { code == EPIPE }
}
