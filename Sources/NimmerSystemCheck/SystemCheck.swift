import NimmerProcess
import NimmerSystem
import NimmerWave

/// A system file with the manifests of the programs of its cells and nerves.
package struct CheckedSystem: Sendable {
    package let system: SystemFile
    /// Manifests of the cells and nerves, by name.
    package let manifests: [String: ProgramAnswer]

    package init(system: SystemFile, manifests: [String: ProgramAnswer]) {
        self.system = system
        self.manifests = manifests
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
        ProgramCheck(), OriginCheck(), TopicCheck(), WindowCheck(), WitnessCheck(),
    ]
}

/// Each cell's program is there and takes its settings.
package struct ProgramCheck: SystemCheck {
    package func findings(in checked: CheckedSystem) -> [CheckFinding] {
        checked.organisms.compactMap { organism in
            switch checked.manifests[organism.name] {
            case .manifest, nil: nil
            case .own:
                CheckFinding(
                    weight: .note, check: "programs", mark: organism.mark,
                    text: "\(organism.name) runs a program of its own: what it needs is not known here")
            case .missing(let program):
                CheckFinding(
                    weight: .note, check: "programs", mark: organism.mark,
                    text: "\(organism.name): there is no program \(program) here: what it needs is not known",
                    remedy: "build it with `swift build --product \(program)`")
            case .refused(let reason):
                CheckFinding(weight: .problem, check: "settings", mark: organism.mark, text: reason)
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
