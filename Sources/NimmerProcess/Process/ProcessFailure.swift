import NimmerBus
import NimmerSystem
import NimmerWave

/// Reason why a process cannot start or continue: one line for a person and the exit status for its parent.
///
/// A cell throws one to leave with its own status (the battery cell without a battery: `unavailable`).
public struct ProcessFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The exit status, as defined in sysexits.h.
    public enum Status: Int32, CaseIterable, Sendable {
        /// Wrong flags, variables or environment (64).
        case usage = 64
        /// Input that cannot be used (65).
        case data = 65
        /// A file that cannot be read (66).
        case noInput = 66
        /// A server or device that is not there (69).
        case unavailable = 69
        /// A mistake of the program's own (70).
        case software = 70
        /// A file or folder that cannot be made (73).
        case cannotCreate = 73
        /// Reading or writing failed halfway (74).
        case io = 74
        /// Something that may pass: trying again can help (75).
        case temporary = 75
        /// A permission is missing: of a file, or at a server (77).
        case permission = 77
        /// A wrong system file or setting (78).
        case configuration = 78
    }

    /// The exit status.
    public var status: Status
    /// One line: what was found, what was expected, the remedy.
    public var message: String
    /// Further mistakes of the same kind, one line each: all that are wrong in the settings of one cell are named at once.
    package var others: [String] = []

    /// A failure with its exit status.
    public init(_ status: Status, _ message: String) {
        self.status = status
        self.message = message
    }

    /// The message.
    public var description: String { message }

    /// Indicates whether starting the same again can succeed.
    public var canRetry: Bool { status == .unavailable || status == .temporary }

    /// All mistakes of the settings of one cell; nil without one.
    init?(_ mistakes: [SystemError]) {
        guard let first = mistakes.first else { return nil }
        self.init(.configuration, first.description)
        others = mistakes.dropFirst().map(\.description)
    }

    /// The failure behind any error.
    package init(_ error: any Error) {
        switch error {
        case let failure as ProcessFailure: self = failure
        case let error as SystemError:
            self.init(error.code == .unreadable ? .noInput : .configuration, error.description)
        case let error as BusError:
            self.init(error.canRetry ? .unavailable : .configuration, error.description)
        case let refusal as Refusal: self.init(.usage, refusal.description)
        default: self.init(.software, "\(error)")
        }
    }
}
