import NimmerCell
import NimmerWeb

extension Manifest {
    /// The webhook cell.
    public static let webhook = Manifest(
        name: "webhook", version: "1.0.0",
        summary: "Posts the commands that it was configured for, and no others, to addresses over HTTP.",
        costs: ["command": 0.2], commands: [("*", "What post names.")])
}

/// Settings of the webhook cell.
public struct WebhookOptions: ProcessOptions {
    let post = Setting.table("post", "Commands and the addresses that they are posted to.")
    let body = Setting.table(
        "body", "Commands and the JSON that is posted; {name} is the payload's value. Else the command and its payload."
    )
    let expected = Setting.list("expected", ["2xx"], "Statuses that count as done: 200, 2xx or 200-299.")
    let timeout = Setting.whole(
        "timeout_ms", 5000, in: 10...600_000, unit: "milliseconds",
        "How long an answer may take, all attempts together.")
    let retries = Setting.whole(
        "retries", 2, in: 0...10,
        "How many more attempts there are where there was no connection, so that nothing was sent.")
    let parallel = Setting.whole("parallel", 4, in: 1...64, "How many posts may be under way at once.")
    let authorities = Setting.text("tls_ca", "PEM file of the authorities that are believed instead of the machine's.")
    let tokenFile = Setting.text(
        "token_file", "A file whose first line is a token; all addresses are then of one server.")
    let tokenHeader = Setting.text(
        "token_header", "authorization", "The header of the token; in authorization it is a bearer token.")

    public init() {}
}

/// Settings of the webhook cell, checked.
public struct WebhookSettings: Sendable {
    /// A command that may be posted.
    struct Hook: Sendable {
        let address: WebAddress
        /// Body that is posted; nil: the command and its payload.
        let template: BodyTemplate?
    }

    /// The commands that may be posted, by their names.
    let hooks: [String: Hook]
    let expected: WebStatuses
    let client: WebClientSettings
    let timeout: Int
    let retries: Int
    let parallel: Int

    /// Reads and checks the cell's settings.
    ///
    /// - Throws: a `Refusal` naming the setting and what was expected.
    public init(_ settings: Settings<WebhookOptions>) throws(Refusal) {
        var addresses: [String: WebAddress] = [:]
        for row in settings.post {
            guard row.values.count == 1 else {
                throw Refusal(
                    .value, field: "post.\(row.name)", "post.\(row.name) must be one address",
                    found: "\(row.values.count)")
            }
            addresses[row.name] = try WebAddress(row.values[0], field: "post.\(row.name)")
        }
        var templates: [String: BodyTemplate] = [:]
        for row in settings.body {
            templates[row.name] = try BodyTemplate(row.values.joined(separator: ", "), field: "body.\(row.name)")
            guard addresses[row.name] != nil else {
                throw Refusal(
                    .missing, field: "body.\(row.name)", "body.\(row.name) must be of a command that post names",
                    found: settings.post.map(\.name).joined(separator: ", "))
            }
        }
        let servers = Set(addresses.values.map { "\($0.isEncrypted ? "https" : "http")://\($0.server)" })
        guard settings.tokenFile == nil || servers.count <= 1 else {
            throw Refusal(
                .value, field: "token_file",
                "with token_file all addresses must be of one server, which the token is for",
                found: servers.sorted().joined(separator: ", "))
        }
        expected = try WebStatuses(settings.expected, field: "expected")
        client = try WebClientSettings(
            authorities: settings.authorities, tokenFile: settings.tokenFile, tokenHeader: settings.tokenHeader)
        guard !addresses.isEmpty else {
            throw Refusal(.missing, field: "post", "post must name at least one command and its address")
        }
        hooks = Dictionary(
            uniqueKeysWithValues: addresses.map { ($0.key, Hook(address: $0.value, template: templates[$0.key])) })
        (timeout, retries, parallel) = (settings.timeout, settings.retries, settings.parallel)
    }
}
