import NimmerProcess
import NimmerSystem
import NimmerWave

/// A system file with the manifests of the programs of its cells and nerves.
package struct CheckedSystem: Sendable {
    package let system: SystemFile
    /// Manifests of the cells and nerves, by name.
    package let manifests: [String: ProgramAnswer]
    /// Answers of the services and organs, by name.
    package let services: [String: ProgramAnswer]
    /// Indicates whether it is to be started here: then what a service needs of this machine counts, too.
    package let isStarting: Bool

    package init(
        system: SystemFile, manifests: [String: ProgramAnswer], services: [String: ProgramAnswer] = [:],
        isStarting: Bool = false
    ) {
        self.system = system
        self.manifests = manifests
        self.services = services
        self.isStarting = isStarting
    }

    package var organisms: [Organism] { system.cells + system.nerves }
}

/// One rule that a system file is held to, beyond what the loader refuses. `nimmer check` runs all of them.
package protocol SystemCheck: Sendable {
    func findings(in checked: CheckedSystem) -> [CheckFinding]
}

/// All checks, in the order of their output.
package enum SystemChecks {
    package static let all: [any SystemCheck] = [
        ProgramCheck(), ServiceCheck(), LinkCheck(), CommandCheck(), OriginCheck(), TopicCheck(), WindowCheck(),
        WitnessCheck(), VerificationCheck(), RegionRuleCheck(), VariantCheck(),
    ]
}

/// Each cell's program is there and takes its settings.
package struct ProgramCheck: SystemCheck {
    package init() {}

    package func findings(in checked: CheckedSystem) -> [CheckFinding] {
        checked.organisms.flatMap { organism -> [CheckFinding] in
            switch checked.manifests[organism.name] {
            case .manifest, nil: []
            case .own:
                [
                    CheckFinding(
                        weight: .note, check: "programs", mark: organism.mark,
                        text: "\(organism.name) runs a program of its own: what it needs is not known here")
                ]
            case .absent(let program):
                [
                    CheckFinding(
                        weight: .problem, check: "programs", mark: organism.commandMark ?? organism.mark,
                        text:
                            "found the program '\(program)', which is not there or cannot be run; expected one that is "
                            + "in PATH, or a path from the folder in which `nimmer up` runs")
                ]
            case .missing(let program, let meant):
                [
                    CheckFinding(
                        weight: .problem, check: "kinds", mark: organism.kindMark ?? organism.mark,
                        text: "found the kind '\(organism.kind)'\(meant.map { " (did you mean '\($0)'?)" } ?? ""), and "
                            + "no program \(program); expected a kind whose program is beside nimmer or in PATH",
                        remedy: "build it with `swift build --product \(program)`, or name its program with `command:`")
                ]
            case .refused(let complaints):
                complaints.map { complaint in
                    CheckFinding(
                        weight: .problem, check: "settings", mark: complaint.mark ?? organism.mark,
                        text: complaint.text)
                }
            }
        }
    }
}

/// Each service takes the file.
package struct ServiceCheck: SystemCheck {
    package init() {}

    package func findings(in checked: CheckedSystem) -> [CheckFinding] {
        checked.services.sorted { $0.key < $1.key }.flatMap { name, answer -> [CheckFinding] in
            guard case .refused(let complaints) = answer else { return [] }
            return complaints.filter { $0.mark != nil || checked.isStarting }.map { complaint in
                CheckFinding(
                    weight: .problem, check: "services", mark: complaint.mark ?? .start, text: complaint.text)
            }
        }
    }
}

/// Each cell is granted the origins that its waves name (decision 0018).
package struct OriginCheck: SystemCheck {
    package init() {}

    package func findings(in checked: CheckedSystem) -> [CheckFinding] {
        let grants = OriginGrants(checked.system)
        return checked.organisms.compactMap { organism in
            guard case .manifest(let manifest) = checked.manifests[organism.name] else { return nil }
            let missing = grants.missing(manifest.origins, for: organism.name)
            guard !missing.isEmpty else { return nil }
            return CheckFinding(
                weight: .problem, check: "origins", mark: organism.mark,
                text:
                    "\(organism.name) (\(manifest.kind)) names origins that it is not granted: the thalamus refuses these waves",
                remedy: "origins: \(OriginPattern.list(organism.origins + missing))",
                change: .grant(missing, to: organism.name))
        }
    }
}
