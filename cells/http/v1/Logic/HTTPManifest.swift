import NimmerCell
import NimmerWeb

extension Manifest {
    /// The http cell.
    public static let http = Manifest(
        name: "http", version: "1.0.0",
        summary: "Asks a server over HTTP: whether it answers, how fast, and a number in its answer.",
        costs: ["wave": 0.05], interval: 10_000)
}

/// Settings of the http cell.
public struct HTTPOptions: ProcessOptions {
    let url = Setting.text("url", "The address that is asked: http://nas.lan:8080/health.")
    let expected = Setting.list("expected", ["2xx"], "Statuses that count as well: 200, 2xx or 200-299.")
    let timeout = Setting.whole(
        "timeout_ms", 5000, in: 10...600_000, unit: "milliseconds",
        "How long an answer may take: with path the whole of it, else its head.")
    let failures = Setting.whole(
        "failures", 1, in: 1...1000, "How many looks in a row must fail until it is certain that something is wrong.")
    let path = Setting.text("path", "Where a number is in the JSON of the answer: disks.0.used_percent.")
    let decimal = Setting.text("decimal", "What separates decimals in a text, . or a comma; found out unless set.")
    let minimum = Setting.number(
        "minimum", in: -1e300...1e300, "A number below it is no reading, in the server's unit.")
    let maximum = Setting.number(
        "maximum", in: -1e300...1e300, "A number above it is no reading, in the server's unit.")
    let ignore = Setting.list("ignore", [], "Numbers that are no readings, such as -1.")
    let bodyLimit = Setting.whole(
        "body_limit", 1_048_576, in: 1024...16_777_216, unit: "bytes", "How much of an answer is read, with path.")
    let redirects = Setting.whole(
        "redirects", 0, in: 0...10,
        "How many redirects are followed, never from https to http; 0: a redirect is the answer.")
    let authorities = Setting.text("tls_ca", "PEM file of the authorities that are believed instead of the machine's.")
    let tokenFile = Setting.text("token_file", "A file whose first line is a token for the server.")
    let tokenHeader = Setting.text(
        "token_header", "authorization", "The header of the token; in authorization it is a bearer token.")
    let learningSamples = Setting.whole(
        "learning_samples", 120, in: 20...1_000_000,
        "Answers to learn normal from; it speaks of extreme values after a quarter of them.")
    let changes = Setting.flag(
        "changes", true, "Also report to people when a change begins and when it ends; no gate hears of that.")
    let floor = Setting.number("floor", 0.2, in: 0...1, "Below this confidence it is silent.")
    package let column = Setting.text(
        "column", "The column of a recording in replay: the number, or without path the latency in ms; inf: no answer.")

    public init() {}
}
