import NimmerSystem
import NimmerWave

/// Each variant of the virtual garden, as if it were the real system: what is found of it and not of that one, and settings that its cells
/// do not have.
package struct VariantCheck: SystemCheck {
    package init() {}

    /// Checks whose findings follow from what a variant can change.
    private static let checks: [any SystemCheck] = [WindowCheck(), WitnessCheck(), RegionRuleCheck()]

    package func findings(in checked: CheckedSystem) -> [CheckFinding] {
        let real = Set(Self.checks.flatMap { $0.findings(in: checked) }.map(\.text))
        return checked.system.virtual.flatMap { variant in
            Self.unknown(variant, checked)
                + Self.checks.flatMap { $0.findings(in: Self.applied(variant, checked)) }
                .filter { !real.contains($0.text) }
                .map { finding in
                    CheckFinding(
                        weight: finding.weight, check: finding.check, mark: variant.mark,
                        text: "in the variant \(variant.name): \(finding.text)", remedy: finding.remedy)
                }
        }
    }

    private static func applied(_ variant: VirtualVariant, _ checked: CheckedSystem) -> CheckedSystem {
        var manifests = checked.manifests
        for change in variant.cells {
            let region = change.settings.first { $0.key == "region" }?.value.text
            guard let region, case .manifest(var manifest) = manifests[change.cell] else { continue }
            manifest.region = region
            manifests[change.cell] = .manifest(manifest)
        }
        return CheckedSystem(
            system: checked.system.applying(variant), manifests: manifests, services: checked.services,
            isStarting: checked.isStarting)
    }

    /// Settings that the program of a cell does not know.
    private static func unknown(_ variant: VirtualVariant, _ checked: CheckedSystem) -> [CheckFinding] {
        variant.cells.flatMap { change -> [CheckFinding] in
            guard case .manifest(let manifest) = checked.manifests[change.cell], !manifest.settings.isEmpty else {
                return []
            }
            return change.settings.filter { !manifest.settings.contains($0.key) }.map { setting in
                CheckFinding(
                    weight: .problem, check: "settings", mark: setting.mark,
                    text:
                        "in the variant \(variant.name): \(change.cell) (\(manifest.kind)) has no setting '\(setting.key)': it "
                        + "could not be promoted",
                    remedy: "leave it out")
            }
        }
    }
}
