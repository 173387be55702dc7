import NimmerWave

/// The text by which something is remembered: short, and harmless wherever it is shown or quoted (spec/iris.md, Memory by meaning).
///
/// Region, witnesses with their content as words, event, action, reason and outcome. Numbers that differ each time (ages, confidences, ids) are
/// left out, so that what happens again is found to be the same. Control characters and markup are written out (`\u{1b}`, `\u{3c}`).
public struct MeaningText: Sendable, Hashable {
    /// Bytes of a text at most.
    public static let maximumBytes = 2_000
    /// Bytes of the content of one witness at most.
    static let contentBytes = 320
    /// Bytes of a name or a reason at most.
    static let nameBytes = 160
    /// Depth to which content is read.
    static let maximumDepth = 6

    /// The text.
    public let text: String

    /// Text of a decision's trail.
    ///
    /// - Parameters:
    ///   - trail: what is known of it.
    ///   - kind: which part of it is remembered; a summary has no trail, and gives the text of a collapse.
    ///   - result: outcome, where it is one; nil otherwise.
    ///   - isTrusted: whether a sender may speak as an origin; the content of others is left out.
    /// - Returns: nil where the trail holds nothing that could be remembered so.
    public init?(
        _ trail: MemoryTrail, as kind: RememberedItem.Kind, result: String? = nil,
        isTrusted: (_ sender: String, _ origin: Token) -> Bool = { _, _ in true }
    ) {
        guard let region = Self.region(of: trail) else { return nil }
        let decision: String
        switch kind {
        case .collapse, .summary:
            guard trail.collapse != nil else { return nil }
            decision = Self.event(of: trail).map { "; event \($0)" } ?? ""
        case .decision:
            guard let made = Self.decision(of: trail) else { return nil }
            decision = made
        case .outcome:
            guard let result else { return nil }
            decision = (Self.decision(of: trail) ?? "") + "; outcome \(Self.harmless(result, Self.nameBytes))"
        }
        text = Self.joined("\(region)", Self.witnesses(of: trail, isTrusted), decision)
    }

    /// Text of a question that is asked now, in the form of the earlier decisions that it is compared with.
    public init(_ request: CognitiveRequest) {
        let input = request.input
        var witnesses: [String] = []
        switch input {
        case .escalation(let input):
            witnesses = (input.witnesses ?? []).map { Self.witness($0.source, $0.content) }
        case .other(let json): witnesses = [Self.words(of: json, Self.contentBytes * 4)]
        }
        let event = Self.harmless(request.eventType, Self.nameBytes)
        text = Self.joined("\(request.region)", witnesses, "; event \(event)")
    }

    /// The region that a trail is about; nil where it names none.
    public static func region(of trail: MemoryTrail) -> Region? {
        if let region = trail.collapse?.body.region { return region }
        if let region = trail.transition?.body.region { return region }
        return trail.request?.body.region ?? trail.response?.body.record?.region.flatMap { try? Region($0) }
    }

    // MARK: - Parts

    private static func event(of trail: MemoryTrail) -> String? {
        (trail.request?.body.eventType ?? trail.response?.body.record?.eventType).map { harmless($0, nameBytes) }
    }

    private static func decision(of trail: MemoryTrail) -> String? {
        guard let response = trail.response?.body, response.outcome == .answered else { return nil }
        var text = event(of: trail).map { "; event \($0)" } ?? ""
        text += "; decided \(harmless(response.decision, nameBytes))"
        if let reason = response.record?.reason { text += " because \(harmless(reason, nameBytes))" }
        let commands = response.downstreamCommands.prefix(4).map {
            "\(harmless($0.target, nameBytes)) \(harmless($0.command, nameBytes))"
        }
        if !commands.isEmpty { text += "; commanded \(commands.joined(separator: ", "))" }
        return text
    }

    private static func witnesses(of trail: MemoryTrail, _ isTrusted: (String, Token) -> Bool) -> [String] {
        if let collapse = trail.collapse?.body {
            return collapse.witnesses.map { item in
                isTrusted(item.source, item.origin)
                    ? witness(item.source, item.semanticContent)
                    : "\(harmless(item.source, nameBytes)) (not trusted)"
            }
        }
        switch trail.request?.body.input {
        case .escalation(let input)?:
            return (input.witnesses ?? []).map { item in
                item.origin.map { isTrusted(item.source, $0) } ?? true
                    ? witness(item.source, item.content) : "\(harmless(item.source, nameBytes)) (not trusted)"
            }
        case .other(let json)?: return [words(of: json, contentBytes * 4)]
        case nil: return []
        }
    }

    private static func witness(_ source: String, _ content: JSON) -> String {
        "\(harmless(source, nameBytes)) \(words(of: content, contentBytes))"
    }

    /// Region and decision, then as many witnesses as have room: what is cut off is never the decision.
    private static func joined(_ region: String, _ witnesses: [String], _ decision: String) -> String {
        var text = cut(cut(region, 240) + decision, maximumBytes)
        for (place, witness) in witnesses.enumerated() {
            let next = (place == 0 ? ": " : "; ") + witness
            guard text.utf8.count + next.utf8.count <= maximumBytes else { break }
            text += next
        }
        return text
    }

    // MARK: - Content as words

    /// Keys and values of JSON as words, without its punctuation: `{"noise":"high"}` becomes `noise high`.
    static func words(of json: JSON, _ room: Int) -> String {
        var words: [String] = []
        var left = room
        collect(json.resolved, into: &words, &left, depth: 0)
        return cut(words.joined(separator: " "), room)
    }

    private static func collect(_ json: JSON, into words: inout [String], _ left: inout Int, depth: Int) {
        guard left > 0, depth <= maximumDepth else { return }
        switch json {
        case .null, .raw: break
        case .bool(let value): add(value ? "true" : "false", &words, &left)
        case .number(let value): add(JSON.number((value * 100).rounded() / 100).text, &words, &left)
        case .string(let value): add(value, &words, &left)
        case .array(let items):
            for item in items { collect(item, into: &words, &left, depth: depth + 1) }
        case .object(let object):
            for member in object.members {
                add(member.key, &words, &left)
                collect(member.value, into: &words, &left, depth: depth + 1)
            }
        }
    }

    private static func add(_ word: String, _ words: inout [String], _ left: inout Int) {
        guard left > 0, !word.isEmpty else { return }
        let word = harmless(word, left)
        words.append(word)
        left -= word.utf8.count + 1
    }

    // MARK: - Harmless text

    /// The text on one line with control characters, what is not seen, and markup written out, in at most so many bytes.
    public static func harmless(_ text: String, _ room: Int) -> String {
        // What is written out has more bytes than it had: no more of them is read than fits.
        let visible = cut(text, room).visible()
        guard visible.utf8.contains(where: isMarkup) else { return cut(visible, room) }
        var out = ""
        for scalar in visible.unicodeScalars {
            if scalar.isASCII, isMarkup(UInt8(truncatingIfNeeded: scalar.value)) {
                out += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                out.unicodeScalars.append(scalar)
            }
        }
        return cut(out, room)
    }

    private static func isMarkup(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">") || byte == UInt8(ascii: "`") || byte == UInt8(ascii: "&")
    }

    /// The text, cut off at a character so that it has at most so many bytes.
    package static func cut(_ text: String, _ room: Int) -> String { text.prefix(bytes: room) }
}
