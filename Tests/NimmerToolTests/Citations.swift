import NimmerWave

/// A Markdown page as those see it who cite it: its headings, what stands in bold, and what its numbered lists hold.
struct CitedPage {
    let text: String
    /// Headings in their order, without marks: `What an acknowledgement means`.
    let headings: [String]
    /// What begins a paragraph or an entry of a list in bold: `Degrade visibly`.
    let boldNames: Set<String>
    /// The anchors of the headings, as GitHub makes them: `what-an-acknowledgement-means`.
    let anchors: Set<String>
    /// The numbers of lists, by the heading that they stand under.
    private let numbers: [String: Set<Int>]

    init(_ text: String) {
        var headings: [String] = []
        var boldNames: Set<String> = []
        var counts: [String: Int] = [:]
        var anchors: Set<String> = []
        var numbers: [String: Set<Int>] = [:]
        var isCode = false
        for line in text.split(separator: "\n") {
            if line.firstMatch(of: #/^\s*```/#) != nil { isCode.toggle() }
            guard !isCode else { continue }
            if let heading = line.firstMatch(of: #/^#+ +(.*)$/#) {
                let name = Self.plain(heading.1)
                headings.append(name)
                let anchor = Self.anchor(name)
                let count = counts[anchor, default: 0]
                counts[anchor] = count + 1
                anchors.insert(count == 0 ? anchor : "\(anchor)-\(count)")
            }
            if let bold = line.firstMatch(of: #/^[-*\d. ]*\*\*([^*]+)\*\*/#) {
                var name = Self.plain(bold.1)
                while let last = name.last, ".:".contains(last) { name.removeLast() }
                boldNames.insert(name)
            }
            if let number = line.firstMatch(of: #/^(\d+)\. /#), let heading = headings.last {
                numbers[heading, default: []].insert(Int(number.1) ?? 0)
            }
        }
        self.text = text
        self.numbers = numbers
        self.headings = headings
        self.boldNames = boldNames
        self.anchors = anchors
    }

    /// Why a citation of this page is wrong; nil where it holds, and where it is prose that names no section.
    ///
    /// - Parameter rest: what follows the page's name: `, Streams)`, `, rule 5: "…"`, `, A wave arrives, 4; Collapse)`, `: "…"`.
    func mistake(in rest: Substring) -> String? {
        if let quote = rest.firstMatch(of: #/^(?:, |: |, rule \d+: )"([^"]+)"/#) {
            let says = Self.plain(self.text.lowercased()).includes(Self.plain(quote.1.lowercased()))
            return says ? nil : "does not say \"\(quote.1)\""
        }
        guard rest.hasPrefix(", ") else { return nil }
        for (index, part) in rest.dropFirst(2).split(separator: "; ").enumerated() {
            guard let first = part.first, first.isUppercase || first == "`" || part.hasPrefix("rule") || first.isNumber
            else { return nil }
            // Behind the first it may be another page, or the end of the sentence.
            guard index == 0 || part.firstMatch(of: #/^[^ ]+\.md\b/#) == nil else { return nil }
            if let mistake = mistake(inPart: part) { return mistake }
            if part.contains(")") || part.contains(". ") { return nil }
        }
        return nil
    }

    private func mistake(inPart part: Substring) -> String? {
        if let rules = part.firstMatch(of: #/^rules? (\d+)(?: and (\d+))?/#) {
            for number in [rules.1, rules.2 ?? rules.1] where numbers["Rules"]?.contains(Int(number) ?? 0) != true {
                return "has no rule \(number)"
            }
            return nil
        }
        if let code = part.firstMatch(of: #/^`([^`]+)`/#) {
            return text.includes(String(code.1)) ? nil : "has no \(code.1)"
        }
        let named = (headings + boldNames).filter { part.hasPrefix($0) }.max { $0.utf8.count < $1.utf8.count }
        guard let named, part.dropFirst(named.count).first.map({ !$0.isLetter && !$0.isNumber }) ?? true else {
            return "has no section '\(part.prefix(40))'"
        }
        if let number = part.dropFirst(named.count).firstMatch(of: #/^, (\d+)/#),
            numbers[named]?.contains(Int(number.1) ?? 0) != true
        {
            return "has no \(number.1) in '\(named)'"
        }
        return nil
    }

    /// Text without the marks of Markdown, white space as one space.
    static func plain(_ text: some StringProtocol) -> String {
        let unlinked = String(text).replacing(#/\[([^\]]*)\]\([^)]*\)/#) { "\($0.1)" }
        return unlinked.filter { !"*`".contains($0) }.split { $0.isWhitespace }.joined(separator: " ")
    }

    /// The anchor that GitHub gives a heading.
    static func anchor(_ heading: String) -> String {
        String(
            heading.lowercased().compactMap { character -> Character? in
                if character == " " { return "-" }
                return character.isLetter || character.isNumber || character == "-" || character == "_"
                    ? character : nil
            })
    }
}

/// One place in a text that names a page, a decision or a link.
enum Citations {
    /// Pages that a text names, each with what follows: `protocol.md` and `, Streams)…`. Comments that go over several lines are joined.
    static func pages(in text: String) -> [(page: Substring, rest: Substring)] {
        guard text.contains(".md") else { return [] }
        let joined = text.replacing(#/\n[ \t]*(?:\/\/\/?|#|\*)?[ \t]*/#, with: " ")[...]
        return joined.matches(of: #/[A-Za-z0-9_.\/-]*[A-Za-z0-9_]\.md\b/#).map { match in
            (match.0, joined[match.range.upperBound...].prefix(160))
        }
    }

    /// Decisions that a text names: `decision 0012`, `decisions 0001 and 0002`.
    static func decisions(in text: String) -> [String] {
        guard text.contains("ecision") else { return [] }
        return text.matches(of: #/[Dd]ecisions?\s+(?:\/\/\/?\s*)?\[?(\d{4})\b/#).map { String($0.1) }
    }

    /// Links of a page: what stands between `](` and `)`, without those in code.
    static func links(in text: String) -> [String] {
        var isCode = false
        return text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line -> [String] in
            if line.firstMatch(of: #/^\s*```/#) != nil { isCode.toggle() }
            guard !isCode else { return [] }
            return line.replacing(#/`[^`]*`/#, with: "").matches(of: #/\]\(([^)\s]+)\)/#).map { String($0.1) }
        }
    }
}
