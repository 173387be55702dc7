/// Everything that one question needs: where it goes, what it holds, and its bounds.
package struct TransferRequest: Sendable {
    package let url: String
    /// Sent before the body; values without line breaks.
    package let headers: [(name: String, value: String)]
    /// Nil asks for a page.
    package let body: [UInt8]?
    /// The whole time until the end of the answer.
    package let deadline: ContinuousClock.Instant
    package let tls: TLSFiles
    /// `http://host:port`; nil asks the server itself, whatever the environment states.
    package let proxy: String?
    /// Owner of the question, for ``CurlLoop/removeAll(of:)``.
    package let owner: ObjectIdentifier

    package init(
        url: String, headers: [(name: String, value: String)], body: [UInt8]?, deadline: ContinuousClock.Instant,
        tls: TLSFiles, proxy: String?, owner: ObjectIdentifier
    ) {
        self.url = url
        self.headers = headers
        self.body = body
        self.deadline = deadline
        self.tls = tls
        self.proxy = proxy
        self.owner = owner
    }
}
