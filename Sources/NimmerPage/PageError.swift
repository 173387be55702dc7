import NimmerOutput

/// A refusal of a request, for the page and for a person.
package struct PageError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Description of what was found and what was expected.
    package let description: String
    /// Remedy; empty where nothing is known.
    package let remedy: String
    /// The HTTP status: 400 to 599.
    package let status: Int

    package init(_ description: String, remedy: String = "", status: Int = 400) {
        self.description = description
        self.remedy = remedy
        self.status = status
    }

    /// A failure of a command, as the page shows it.
    package init(_ failure: Failure) {
        let status =
            switch failure.status {
            case .usage, .data: 400
            case .permission: 403
            case .unavailable: 503
            default: 409
            }
        self.init(failure.message.text, remedy: failure.remedy?.text ?? "", status: status)
    }
}
