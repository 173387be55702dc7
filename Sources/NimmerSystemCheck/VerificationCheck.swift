import NimmerOutput
import NimmerSystem
import NimmerWave

/// Cells that confirm what they assert themselves: trust that is earned so is worth nothing (trust.md, Rules).
package struct VerificationCheck: SystemCheck {
    package init() {}

    package func findings(in checked: CheckedSystem) -> [CheckFinding] {
        let members = DeclaredMembers(checked.system)
        let homes = checked.system.cells.compactMap { cell in
            members.region(of: cell.name).map { (cell, checked.system.home(of: $0)) }
        }
        var findings: [CheckFinding] = []
        for (cell, home) in homes {
            guard let rule = checked.system.verify.first(where: { $0.holds(for: home) }) else { continue }
            for result in VerificationRule.order {
                guard let condition = rule.conditions[result], condition.organism == cell.name else { continue }
                findings.append(
                    CheckFinding(
                        weight: .note, check: "verify", mark: condition.mark,
                        text:
                            "\(cell.name) is a witness in '\(home.text)' itself, and gives its openings the outcome \(result.rawValue): it earns "
                            + "trust by its own word",
                        remedy: "name a cell that senses in another region, or a nerve"))
            }
        }
        for organism in checked.system.cells + checked.system.nerves {
            guard
                let region = organism.verifies.first(where: { region in
                    members.region(of: organism.name).map { checked.system.home(of: $0) == region } ?? false
                })
            else { continue }
            findings.append(
                CheckFinding(
                    weight: .note, check: "verify", mark: organism.verifiesMark ?? organism.mark,
                    text:
                        "\(organism.name) is a witness in '\(region.text)' itself, and may verify its openings: it earns trust by its own word",
                    remedy: "let one that senses in another region verify it"))
        }
        return findings
    }
}
