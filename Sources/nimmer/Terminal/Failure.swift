/// Why a command could not do what it was asked, in words a person can act on.
///
/// Printed as `nimmer: <message>`, and under it what to do.
struct Failure: Error, Equatable {
    /// The exit status that a script sees.
    enum Status: Int32 {
        /// A check was made and did not pass.
        case failed = 1
        /// The command was asked for something that cannot be.
        case usage = 64
        /// A server, file or program that is needed is not there.
        case unavailable = 69
    }

    let status: Status
    /// What happened: one line, no trailing full stop.
    let message: String
    /// What mends it, or nil when there is nothing to do.
    let mend: String?

    init(_ status: Status, _ message: String, mend: String? = nil) {
        self.status = status
        self.message = message
        self.mend = mend
    }
}

/// The reader of our standard output has gone (`nimmer wave tail | head -3`): end quietly.
struct ReaderGone: Error {}
