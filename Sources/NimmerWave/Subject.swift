/// A NATS subject, rendered. Every subject of the system is built in this file; the rendered form stands above each
/// builder (protocol.md, Subjects).
public struct Subject: Hashable, Sendable, CustomStringConvertible {
    /// The subject as it travels.
    public let text: String

    init(_ parts: String...) { text = parts.joined(separator: ".") }

    /// A subject that is not named by the system: a device's, an inbox, `$SRV.…`, `$JS.…`.
    ///
    /// - Throws: a ``Refusal`` when the text is empty, has an empty token, white space, a control character or a wildcard.
    public init(foreign text: String) throws(Refusal) {
        try validateSubject(text, wildcards: false)
        self.text = text
    }

    /// The subject as it travels.
    public var description: String { text }

    /// `<env>.nervous.cells.<cell>.wave`
    public static func wave(_ env: Environment, cell: Token) -> Subject {
        Subject(env.rawValue, "nervous.cells", cell.text, "wave")
    }

    /// `<env>.nervous.cells.<cell>.request`
    public static func request(_ env: Environment, cell: Token) -> Subject {
        Subject(env.rawValue, "nervous.cells", cell.text, "request")
    }

    /// `<env>.nervous.cells.<cell>.response`
    public static func response(_ env: Environment, cell: Token) -> Subject {
        Subject(env.rawValue, "nervous.cells", cell.text, "response")
    }

    /// `<env>.nervous.cells.<cell>.handover`, or `….nerves.…` for a nerve.
    public static func handover(_ env: Environment, _ name: Token, isNerve: Bool) -> Subject {
        Subject(env.rawValue, isNerve ? "nervous.nerves" : "nervous.cells", name.text, "handover")
    }

    /// `<env>.nervous.nerves.<nerve>.wave`
    public static func nerveWave(_ env: Environment, nerve: Token) -> Subject {
        Subject(env.rawValue, "nervous.nerves", nerve.text, "wave")
    }

    /// `<env>.nervous.nerves.<nerve>.state`
    public static func nerveState(_ env: Environment, nerve: Token) -> Subject {
        Subject(env.rawValue, "nervous.nerves", nerve.text, "state")
    }

    /// `<env>.nervous.cells.<cell>.change`, or `….nerves.…` for a nerve: changes for people, which no gate hears.
    public static func change(_ env: Environment, _ name: Token, isNerve: Bool) -> Subject {
        Subject(env.rawValue, isNerve ? "nervous.nerves" : "nervous.cells", name.text, "change")
    }

    /// `<env>.nervous.gates.<gate>.transition`
    public static func transition(_ env: Environment, gate: GateID) -> Subject {
        Subject(env.rawValue, "nervous.gates", gate.text, "transition")
    }

    /// `<env>.nervous.gates.<gate>.outcome`: what the thalamus took into the gate's trust
    public static func acceptedOutcome(_ env: Environment, gate: GateID) -> Subject {
        Subject(env.rawValue, "nervous.gates", gate.text, "outcome")
    }

    /// `<env>.nervous.regions.<gate>`: where a region lives; the name is that of the gate that would be its own
    public static func assignment(_ env: Environment, of region: Region) -> Subject {
        Subject(env.rawValue, "nervous.regions", GateID(region: region).text)
    }

    /// `<env>.nervous.lifeforce.<service>`: energy spent, as a thalamus or an organ sums it
    public static func lifeforce(_ env: Environment, of service: Token) -> Subject {
        Subject(env.rawValue, "nervous.lifeforce", service.text)
    }

    /// `<env>.nervous.thalamus.collapse`
    public static func collapse(_ env: Environment) -> Subject { Subject(env.rawValue, "nervous.thalamus.collapse") }

    /// `<env>.nervous.thalamus.attention`
    public static func attention(_ env: Environment) -> Subject { Subject(env.rawValue, "nervous.thalamus.attention") }

    /// `<env>.nervous.shards.<part>.<subject>`: what a thalamus passes on to the one that has this part of the regions
    public static func shard(_ env: Environment, part: Int, carrying subject: Subject) -> Subject {
        Subject(env.rawValue, "nervous.shards", "\(part)", subject.text)
    }

    /// `<env>.nervous.shards.<part>.request`: a question for the thalamus that has this part of the regions
    public static func shardRequest(_ env: Environment, part: Int) -> Subject {
        Subject(env.rawValue, "nervous.shards", "\(part)", "request")
    }

    /// `<env>.nervous.shards.all.request`: a question for every thalamus
    public static func shardRequests(_ env: Environment) -> Subject {
        Subject(env.rawValue, "nervous.shards.all.request")
    }

    /// `<env>.nervous.traces.correlation`
    public static func correlation(_ env: Environment) -> Subject {
        Subject(env.rawValue, "nervous.traces.correlation")
    }

    /// `<env>.nervous.outcomes.<gate>.feedback`
    public static func feedback(_ env: Environment, gate: GateID) -> Subject {
        Subject(env.rawValue, "nervous.outcomes", gate.text, "feedback")
    }

    /// `$KV.<ENV>-LEARNED.<cell>`: the key of the bucket in which a cell keeps what it has learned.
    package static func learned(_ env: Environment, cell: Token) -> Subject {
        Subject("$KV", "\(env.streamPrefix)-LEARNED", cell.text)
    }

    /// `play.<env>.<cell>`: recorded readings for a cell, while `nimmer up --play` drives it
    package static func play(_ env: Environment, cell: Token) -> Subject { Subject("play", env.rawValue, cell.text) }

    /// `artifacts.<env>.<sender>`: pieces of artifacts that a cell or nerve hands over. Outside the environment's own subjects, so that no
    /// observer takes them for messages.
    package static func artifact(_ env: Environment, from sender: Token) -> Subject {
        Subject("artifacts", env.rawValue, sender.text)
    }

    /// `<env>.nervous.rejects.<service>`
    public static func reject(_ env: Environment, service: Token) -> Subject {
        Subject(env.rawValue, "nervous.rejects", service.text)
    }

    /// `<env>.nervous.aside.<service>`: messages that this service has set aside
    public static func aside(_ env: Environment, service: Token) -> Subject {
        Subject(env.rawValue, "nervous.aside", service.text)
    }

    /// `<env>.cognitive.bridge.request`
    public static func cognitiveRequest(_ env: Environment) -> Subject {
        Subject(env.rawValue, "cognitive.bridge.request")
    }

    /// `<env>.cognitive.bridge.response`
    public static func cognitiveResponse(_ env: Environment) -> Subject {
        Subject(env.rawValue, "cognitive.bridge.response")
    }

    /// `<env>.cognitive.bridge.act`
    public static func act(_ env: Environment) -> Subject { Subject(env.rawValue, "cognitive.bridge.act") }

    /// `<env>.cognitive.<mind>.heartbeat`
    public static func heartbeat(_ env: Environment, mind: Token) -> Subject {
        Subject(env.rawValue, "cognitive", mind.text, "heartbeat")
    }

    /// `<env>.organs.<organ>.<verb>`
    public static func organ(_ env: Environment, organ: Token, verb: Token) -> Subject {
        Subject(env.rawValue, "organs", organ.text, verb.text)
    }
}

/// A pattern over subjects: tokens, `*` for exactly one token, a final `>` for one or more (the rules of NATS).
public struct SubjectPattern: Hashable, Sendable, CustomStringConvertible {
    /// The pattern as it travels.
    public let text: String

    /// A pattern with this text.
    ///
    /// - Throws: a ``Refusal`` when a token is empty, a wildcard is part of a longer token, or `>` is not last.
    public init(_ text: String) throws(Refusal) {
        try validateSubject(text, wildcards: true)
        self.init(trusted: text)
    }

    init(trusted text: String) { self.text = text }

    /// The pattern that matches just one subject.
    public init(_ subject: Subject) { self.init(trusted: subject.text) }

    /// The pattern as it travels.
    public var description: String { text }

    /// Returns whether a subject matches.
    public func matches(_ subject: Subject) -> Bool { matches(subject.text) }

    /// Returns whether dot-separated text (a subject or a region) matches. One pass without an allocation, since each new region is held
    /// against every rule.
    public func matches(_ text: String) -> Bool {
        var (pattern, text) = (self.text, text)
        return pattern.withUTF8 { pattern in text.withUTF8 { Self.matches($0, pattern) } }
    }

    private static func matches(_ text: UnsafeBufferPointer<UInt8>, _ pattern: UnsafeBufferPointer<UInt8>) -> Bool {
        let dot = UInt8(ascii: ".")
        var (place, wanted) = (0, 0)
        // Both are at the start of a token; the text's may be empty.
        while wanted < pattern.count {
            switch pattern[wanted] {
            case UInt8(ascii: ">"): return true
            case UInt8(ascii: "*"):
                wanted += 1
                while place < text.count, text[place] != dot { place += 1 }
            default:
                while wanted < pattern.count, pattern[wanted] != dot {
                    guard place < text.count, text[place] == pattern[wanted] else { return false }
                    place += 1
                    wanted += 1
                }
            }
            guard wanted < pattern.count else { break }
            guard place < text.count, text[place] == dot else { return false }
            place += 1
            wanted += 1
        }
        return place == text.count
    }

    private static func under(_ env: Environment, _ rest: String) -> SubjectPattern {
        SubjectPattern(trusted: "\(env.rawValue).\(rest)")
    }

    /// `<env>.>`
    public static func everything(_ env: Environment) -> SubjectPattern { under(env, ">") }
    /// `<env>.nervous.*.*.wave`: the waves of all cells and nerves
    public static func waves(_ env: Environment) -> SubjectPattern { under(env, "nervous.*.*.wave") }
    /// `<env>.nervous.*.<sender>.wave`: the waves of one cell or nerve
    public static func waves(_ env: Environment, of sender: Token) -> SubjectPattern {
        under(env, "nervous.*.\(sender.text).wave")
    }
    /// `<env>.nervous.*.<sender>.change`: the change events of one cell or nerve
    public static func changes(_ env: Environment, of sender: Token) -> SubjectPattern {
        under(env, "nervous.*.\(sender.text).change")
    }
    /// `<env>.nervous.cells.*.wave`
    public static func cellWaves(_ env: Environment) -> SubjectPattern { under(env, "nervous.cells.*.wave") }
    /// `<env>.nervous.nerves.*.wave`
    public static func nerveWaves(_ env: Environment) -> SubjectPattern { under(env, "nervous.nerves.*.wave") }
    /// `<env>.nervous.cells.*.change`
    public static func cellChanges(_ env: Environment) -> SubjectPattern { under(env, "nervous.cells.*.change") }
    /// `<env>.nervous.nerves.*.change`
    public static func nerveChanges(_ env: Environment) -> SubjectPattern { under(env, "nervous.nerves.*.change") }
    /// `<env>.nervous.gates.*.transition`
    public static func transitions(_ env: Environment) -> SubjectPattern { under(env, "nervous.gates.*.transition") }
    /// `<env>.nervous.gates.*.transition.*`: transitions of their own gates that cells and nerves report, each by its sender
    public static func reportedTransitions(_ env: Environment) -> SubjectPattern {
        under(env, "nervous.gates.*.transition.*")
    }
    /// `<env>.nervous.gates.*.outcome`
    public static func acceptedOutcomes(_ env: Environment) -> SubjectPattern { under(env, "nervous.gates.*.outcome") }
    /// `<env>.nervous.regions.*`: decisions about where regions live
    public static func assignments(_ env: Environment) -> SubjectPattern { under(env, "nervous.regions.*") }
    /// `<env>.nervous.lifeforce.thalamus`: the sums that are stored
    public static func storedLifeforce(_ env: Environment) -> SubjectPattern {
        under(env, "nervous.lifeforce.thalamus")
    }
    /// `<env>.nervous.lifeforce.*`
    public static func lifeforce(_ env: Environment) -> SubjectPattern { under(env, "nervous.lifeforce.*") }
    /// `<env>.nervous.nerves.*.state`
    public static func nerveStates(_ env: Environment) -> SubjectPattern { under(env, "nervous.nerves.*.state") }
    /// `<env>.nervous.outcomes.>`
    public static func outcomes(_ env: Environment) -> SubjectPattern { under(env, "nervous.outcomes.>") }
    /// `<env>.cognitive.bridge.request.*`: requests to minds, each by its sender
    public static func cognitiveRequests(_ env: Environment) -> SubjectPattern {
        under(env, "cognitive.bridge.request.*")
    }
    /// `<env>.nervous.shards.<part>.>`
    public static func shard(_ env: Environment, part: Int) -> SubjectPattern { under(env, "nervous.shards.\(part).>") }
    /// `<env>.nervous.aside.*`
    public static func aside(_ env: Environment) -> SubjectPattern { under(env, "nervous.aside.*") }
    /// `artifacts.<env>.*`: pieces of artifacts, each by its sender
    package static func artifacts(_ env: Environment) -> SubjectPattern {
        SubjectPattern(trusted: "artifacts.\(env.rawValue).*")
    }
    /// `$O.<bucket>.C.>`: the chunks of the objects of a bucket
    package static func objectChunks(_ bucket: String) -> SubjectPattern { SubjectPattern(trusted: "$O.\(bucket).C.>") }
    /// `$O.<bucket>.M.>`: their descriptions
    package static func objectDescriptions(_ bucket: String) -> SubjectPattern {
        SubjectPattern(trusted: "$O.\(bucket).M.>")
    }
    /// `<env>.nervous.rejects.*`
    public static func rejects(_ env: Environment) -> SubjectPattern { under(env, "nervous.rejects.*") }
}

private func validateSubject(_ text: String, wildcards: Bool) throws(Refusal) {
    var text = text
    guard text.withUTF8({ isSubject($0, wildcards: wildcards) }) else {
        let expected =
            wildcards ? "a pattern: dot-separated tokens, '*' or a final '>'" : "a subject: dot-separated tokens"
        throw Refusal(.name, "expected \(expected)", found: "'\(text.excerpt)'")
    }
}

/// Returns whether bytes are tokens between dots: none empty, without spaces and control characters, a wildcard only where it may stand. One
/// pass, since each durable message names a subject of its own for its acknowledgement.
private func isSubject(_ bytes: UnsafeBufferPointer<UInt8>, wildcards: Bool) -> Bool {
    var start = 0
    var isWild = false
    for (place, byte) in bytes.enumerated() {
        switch byte {
        case UInt8(ascii: "."):
            // `>` stands last, `*` alone.
            if place == start || (isWild && (place - start > 1 || bytes[start] == UInt8(ascii: ">"))) { return false }
            start = place + 1
            isWild = false
        case UInt8(ascii: "*"), UInt8(ascii: ">"):
            guard wildcards else { return false }
            isWild = true
        case 0...0x20, 0x7f: return false
        default: break
        }
    }
    return start < bytes.count && !(isWild && bytes.count - start > 1)
}
