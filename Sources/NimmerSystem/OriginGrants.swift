import NimmerWave

/// Origins that each part may speak as, by the system file (decision 0018): each cell and nerve as itself, and as what its `origins`
/// grant. Origins make witnesses independent, so a cell that chose them freely could open gates alone.
///
/// A value that is asked by name; who asks for every wave remembers the answers.
public struct OriginGrants: Sendable {
    private enum Rule: Sendable {
        /// The file decides.
        case granted
        /// Origins are taken as they are.
        case asTheyAre
    }

    private let rule: Rule
    private let file: String
    private var organisms: [String: Entry] = [:]

    private struct Entry: Sendable {
        var line: Int
        var patterns: [OriginPattern]

        /// The line of the file that would grant one more; of many only the new one is shown.
        func line(with origin: String) -> String {
            let shown = patterns.count <= 4 ? patterns.map { "\"\($0)\"" } : ["…"]
            return "origins: [\((shown + ["\"\(origin)\""]).joined(separator: ", "))]"
        }
    }

    /// Grants of a system file; without one every sender speaks as itself only.
    public init(_ system: SystemFile?) {
        rule = .granted
        file = system?.file ?? ""
        for organism in (system?.cells ?? []) + (system?.nerves ?? []) {
            organisms[organism.name] = Entry(line: organism.mark.line, patterns: organism.origins)
        }
    }

    /// Grants of a running system. Without identities, and without a single grant in the file, origins are taken as they are: there
    /// every client may speak as every cell, and grants would restrict no one.
    public init(_ system: SystemFile?, hasIdentities: Bool) {
        let grants = (system?.cells ?? []) + (system?.nerves ?? [])
        self = hasIdentities || grants.contains { !$0.origins.isEmpty } ? OriginGrants(system) : .asTheyAre
    }

    private init(_ rule: Rule) {
        self.rule = rule
        file = ""
    }

    /// Each part speaks for itself only.
    public static let none = OriginGrants(nil)
    /// Origins are taken as they are: for waves that were admitted when they were recorded, and for measuring.
    public static let asTheyAre = OriginGrants(.asTheyAre)

    /// The origins that the file grants to a cell or nerve beside its own name.
    public func patterns(of sender: String) -> [OriginPattern] { organisms[sender]?.patterns ?? [] }

    /// Returns whether the file has a cell or nerve of this name.
    public func knows(_ sender: String) -> Bool { organisms[sender] != nil }

    /// Returns whether a sender may speak as an origin.
    ///
    /// The name of another cell or nerve is covered only by a grant that writes it out: no star gives away another part's name.
    public func permits(_ sender: String, as origin: String) -> Bool {
        if case .asTheyAre = rule { return true }
        if sender == origin { return true }
        guard let own = organisms[sender] else { return false }
        let isAnothers = organisms[origin] != nil
        return own.patterns.contains { (!isAnothers || $0.isExact) && $0.matches(origin) }
    }

    /// The refusal of a wave whose origin is not granted, with the line that would grant it.
    public func refusal(of sender: String, as origin: String) -> Refusal {
        let place: String
        if let own = organisms[sender] {
            place = "the entry '\(sender)' of \(file):\(own.line) needs the line  \(own.line(with: origin))"
        } else if file.isEmpty {
            place =
                "without a system file (--system FILE) each speaks as itself only; there the entry '\(sender)' needs the line  "
                + "origins: [\"\(origin)\"]"
        } else {
            place = "\(file) needs under cells:  - {name: \(sender), command: [\(sender)], origins: [\"\(origin)\"]}"
        }
        return Refusal(
            .permission, field: "body.origin", "the origin '\(origin)' is not granted to '\(sender)': \(place)")
    }
}
