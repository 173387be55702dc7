import Glibc

/// Pages of health and metrics of several processes under one address, for `nimmer up`: each process serves its own on a port of this
/// machine, and what scrapes one address gets all of them.
package final class GatheredPages: Sendable {
    /// Timeout of all processes' pages, which are asked for at once, in milliseconds; a process that does not answer is left out, and reported as not
    /// ready.
    private static let limit: Int32 = 1_000

    private let listener: HTTPListener
    /// The port that it listens on.
    package var port: UInt16 { listener.port }

    /// Opens the address and answers.
    ///
    /// - Parameters:
    ///   - text: a port, or `address:port`, as in NIMMERVERSE_HTTP_PORT.
    ///   - ports: the port of each process on 127.0.0.1, by its name.
    /// - Throws: `ProcessFailure` when the text or its port cannot be used.
    package init(_ text: String, ports: [String: UInt16]) throws(ProcessFailure) {
        let parts = ports.sorted { $0.key < $1.key }
        listener = try HTTPListener(try HTTPAddress(text)) { Self.answer($0, parts) }
        listener.start()
    }

    /// Stops answering.
    package func stop() { listener.stop() }

    private static func answer(_ request: HTTPRequest, _ parts: [(key: String, value: UInt16)]) -> HTTPAnswer {
        func pages(_ path: String) -> [(name: String, page: HealthQuestion.Page?)] {
            let pages = HealthQuestion.pages(path, onPorts: parts.map(\.value), limit: limit)
            return zip(parts, pages).map { ($0.key, $1) }
        }
        switch request.path {
        case "/healthz": return HTTPAnswer(200, "alive")
        case "/readyz":
            let troubles = pages("/readyz").compactMap { name, page in
                guard let page else { return "\(name): no answer" }
                return page.status == 200 ? nil : "\(name): \(page.line)"
            }
            return troubles.isEmpty ? HTTPAnswer(200, "ready") : HTTPAnswer(503, troubles.joined(separator: "; "))
        case "/metrics":
            let texts = pages("/metrics").compactMap { name, page in
                page.map { (name, String(decoding: $0.body, as: UTF8.self)) }
            }
            return HTTPAnswer(200, Array(merged(texts).utf8), type: "text/plain; version=0.0.4; charset=utf-8")
        default: return HTTPAnswer(404, "there are /healthz, /readyz and /metrics")
        }
    }

    /// Several pages of metrics as one: each sample has the label `process`, and the samples of one name stand together, as the format
    /// demands.
    static func merged(_ pages: [(process: String, text: String)]) -> String {
        var order: [Substring] = []
        var families: [Substring: (head: [Substring], samples: [String])] = [:]
        for (process, text) in pages {
            var name = Substring()
            for line in text.split(separator: "\n") {
                if line.hasPrefix("#") {
                    let words = line.split(separator: " ", maxSplits: 3)
                    guard words.count > 2 else { continue }
                    name = words[2]
                    if families[name] == nil {
                        families[name] = ([], [])
                        order.append(name)
                    }
                    let isKnown = families[name]?.head.contains { $0.hasPrefix("# \(words[1]) ") } == true
                    if !isKnown { families[name]?.head.append(line) }
                } else {
                    if families[name] == nil {
                        families[name] = ([], [])
                        order.append(name)
                    }
                    families[name]?.samples.append(labelled(line, process))
                }
            }
        }
        return order.map { name in
            let family = families[name] ?? ([], [])
            return (family.head.map(String.init) + family.samples).joined(separator: "\n") + "\n"
        }.joined()
    }

    private static func labelled(_ sample: Substring, _ process: String) -> String {
        let label = "process=\"\(process)\""
        let end = sample.firstIndex { $0 == "{" || $0 == " " } ?? sample.endIndex
        guard end < sample.endIndex, sample[end] == "{" else { return "\(sample[..<end]){\(label)}\(sample[end...])" }
        let rest = sample[sample.index(after: end)...]
        return "\(sample[..<end]){\(label)\(rest.hasPrefix("}") ? "" : ",")\(rest)"
    }
}
