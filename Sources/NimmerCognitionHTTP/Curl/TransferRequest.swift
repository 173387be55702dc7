/// Everything that one question needs: where it goes, what it holds, and its bounds.
struct TransferRequest: Sendable {
    let url: String
    /// Sent before the body; values without line breaks.
    let headers: [(name: String, value: String)]
    /// Nil asks for a page.
    let body: [UInt8]?
    /// The whole time until the end of the answer.
    let deadline: ContinuousClock.Instant
    let tls: TLSFiles
    /// `http://host:port`; nil asks the server itself, whatever the environment states.
    let proxy: String?
    /// Owner of the question, for ``CurlLoop/removeAll(of:)``.
    let owner: ObjectIdentifier
}
