/// The settings that processes have beside their own options, by their role and manifest.
package struct CommonSettings: Sendable {
    /// The settings of cells and nerves.
    package struct Organism: Sendable {
        package let domain: Setting<String>
        package let region: Setting<String?>
        package let origin = Setting.text("origin", "What makes it an independent witness; its name unless set.")
        package let weight: Setting<Double>
        package let garden = Setting.choice(
            "garden", Garden.real, "Whether its waves are of the real world.")

        init(_ manifest: Manifest) {
            domain = .text("domain", manifest.domain, "What its waves are about (a token).")
            region = Setting(
                SettingDeclaration(
                    "region", .text, manifest.region.map { .text($0) },
                    "The semantic region of its waves; the domain unless set."),
                { .some($0?.text) })
            weight = .number(
                "weight", manifest.weight, in: 0...1,
                "Trust of its own gate; above 0.8 its own evidence alone opens it.")
        }
    }

    package enum Garden: String, CaseIterable, Sendable { case real, virtual }
    package enum Connect: String, CaseIterable, Sendable { case wait, fail }

    static let intervalKey = "interval_ms"

    /// Those of cells and nerves; nil for a service.
    package let organism: Organism?
    /// Silence of its input that makes a cell STALE, in milliseconds; nil for a nerve or service.
    package let stale: Setting<Int?>?
    /// Interval of sensing; nil without one.
    package let interval: Setting<Int>?
    /// Number of requests that are handled at once; nil when it takes no requests.
    package let requests: Setting<Int>?
    package let logLevel = Setting.choice(
        "log_level", "info", of: ["trace", "debug", "info", "notice", "warning", "error", "critical"],
        "Log level on stderr.")
    package let connect = Setting.choice(
        "connect", Connect.wait,
        "Without a server at the start: keep trying forever (wait), or exit with status 69 (fail).")
    package let state = Setting.text(
        "state",
        "A folder for what must outlive the process: decisions that wait while their stream cannot be reached. Else "
            + "NIMMERVERSE_STATE; without one they are kept in memory only.")

    init(_ manifest: Manifest, role: Role) {
        organism = role == .service ? nil : Organism(manifest)
        stale =
            role != .cell
            ? nil
            : .whole(
                "stale_after_ms", in: 0...100_000_000_000, unit: "milliseconds",
                "Silence of what it reads that makes it STALE; 0: never. Several of the usual intervals unless set.")
        interval = manifest.interval.map {
            .whole(Self.intervalKey, $0, in: 10...100_000_000_000, unit: "milliseconds", "How often it senses.")
        }
        requests =
            manifest.commands.isEmpty
            ? nil
            : .whole("max_requests", 16, in: 1...1024, "Requests in progress at once; further ones are refused.")
    }

    /// All of them, in the order of `--help`.
    var declarations: [SettingDeclaration] {
        let own = organism.map {
            [
                $0.domain.declaration, $0.region.declaration, $0.origin.declaration, $0.weight.declaration,
                $0.garden.declaration,
            ]
        }
        let optional = [interval?.declaration, stale?.declaration, requests?.declaration].compactMap { $0 }
        return (own ?? []) + optional + [logLevel.declaration, connect.declaration, state.declaration]
    }
}

/// Everything that can be set of a process: its own options, and what is common to all of its role.
package struct DeclaredSettings: Sendable {
    /// Settings of every process of the role.
    package let common: CommonSettings
    /// All, in the order of `--help`: the process's own first.
    package let all: [SettingDeclaration]

    /// - Throws: a ``ProcessFailure`` (software) that names what the program declares wrongly.
    package init<Options: ProcessOptions>(
        _ manifest: Manifest, _ options: Options.Type, role: Role
    ) throws(ProcessFailure) {
        common = CommonSettings(manifest, role: role)
        let (own, others) = (Options.declarations, common.declarations)
        // An own setting may stand in for a common one, with another default or range, but is read as the common one.
        let wrong = own.filter { own in others.contains { $0.key == own.key && !$0.isLike(own) } }
        let mistakes = Options.mistakes + wrong.map { "the setting '\($0.key)' has another type in every process" }
        guard mistakes.isEmpty else {
            throw ProcessFailure(
                .software, "the program declares its settings wrongly: " + mistakes.joined(separator: "; "))
        }
        all = own + others.filter { other in !own.contains { $0.key == other.key } }
    }
}

/// Identity of a cell or nerve on the bus.
package struct OrganismNames: Sendable {
    /// Domain of its waves.
    package var domain: String
    /// Their semantic region, where it is not the domain.
    package var region: String?
    /// Origin that makes it an independent witness, where it is not its name.
    package var origin: String?
    /// Trust of its own gate.
    package var weight: Double
}

extension Configuration {
    /// Identity of the cell or nerve by its settings; of a service, by its manifest.
    package var names: OrganismNames {
        guard let organism = declared.common.organism else {
            return OrganismNames(domain: manifest.domain, region: manifest.region, weight: manifest.weight)
        }
        return OrganismNames(
            domain: settings[organism.domain], region: settings[organism.region], origin: settings[organism.origin],
            weight: settings[organism.weight])
    }

    /// Silence that makes the cell STALE, in milliseconds, 0 for never; nil where it is not set.
    package var staleAfter: Int? { declared.common.stale.flatMap { settings[$0] } }

    /// Number of requests that may be handled at once; 0 for a process that takes no requests.
    package var requestLimit: Int { declared.common.requests.map { settings[$0] } ?? 0 }
}

extension SettingDeclaration {
    fileprivate func isLike(_ other: SettingDeclaration) -> Bool {
        switch (kind, other.kind) {
        case (.number, .number), (.whole, .whole), (.text, .text), (.flag, .flag), (.list, .list), (.table, .table):
            true
        case (.choice(let words), .choice(let others)): Set(others).isSubset(of: words)
        default: false
        }
    }
}
