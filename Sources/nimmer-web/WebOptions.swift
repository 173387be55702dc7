import NimmerPage
import NimmerPlatform
import NimmerProcess

/// Settings of the page's server (docs/reference/web.md, Settings).
struct WebOptions: ProcessOptions {
    let listen = Setting.text("listen", "127.0.0.1:0", "Where browsers connect: HOST:PORT; port 0 takes a free one.")
    let role = Setting.choice(
        "role", "observer", of: ["observer", "operator"],
        "Role of who follows the one-time link, which is printed where only this machine can connect.")
    let certificate = Setting.text("tls_certificate", "A certificate with its chain, PEM.")
    let key = Setting.text("tls_key", "The key of the certificate, PEM.")
    let tokenFile = Setting.text("token_file", "A file whose first line is the secret of the login form.")
    let proxyHeader = Setting.text(
        "proxy_header", "The header in which an identity-aware proxy names the user, such as X-Forwarded-User.")
    let trustedProxies = Setting.list(
        "trusted_proxies", [], "Addresses whose proxy_header is believed: 127.0.0.1, 10.0.0.0/8.")
    let operators = Setting.list("operators", [], "Users who may act; * stands for every user who got in.")
    let passwordFile = Setting.text(
        "password_file",
        "A file that holds the password of PostgreSQL's reader alone; NIMMERVERSE_POSTGRES_URL names the server.")
    let sessionsFile = Setting.text(
        "sessions_file", "A file that keeps sessions over a restart, so that open pages come back by themselves.")
    let publicURL = Setting.text("public_url", "The origin that browsers use, such as https://nimmer.example.")
}

extension Settings<WebOptions> {
    /// The settings of the server.
    ///
    /// - Throws: ``PageError`` that names what was found and what was expected.
    func page() throws(PageError) -> PageSettings {
        var page = PageSettings()
        page.listen = try ListenAddress(self.listen)
        switch (self.certificate, self.key) {
        case (let certificate?, let key?): page.tls = (certificate, key)
        case (nil, nil): break
        default: throw PageError("tls_certificate and tls_key belong together; found one of them")
        }
        if let tokenFile = self.tokenFile {
            do throws(SecretFileError) { page.token = try SecretFile.read(tokenFile) } catch {
                throw PageError("token_file cannot be used: \(error)")
            }
        }
        page.proxyHeader = self.proxyHeader
        for range in self.trustedProxies { page.trustedProxies.append(try AddressRange(range)) }
        page.operators = Set(self.operators)
        page.publicURL = self.publicURL
        page.sessionFile = self.sessionsFile
        page.linkRole = PageRole(rawValue: self.role) ?? .observer
        return page
    }
}
