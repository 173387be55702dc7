import NimmerOutput
import NimmerSystem
import NimmerWave

/// Cells and nerves that confirm what they assert themselves: trust that is earned so is worth nothing (trust.md, Who verifies).
package struct VerificationCheck: SystemCheck {
    package init() {}

    package func findings(in checked: CheckedSystem) -> [CheckFinding] {
        let regions = SpeakingRegions(checked.system)
        let homes = checked.organisms.compactMap { organism in regions.home(of: organism).map { (organism, $0) } }
        var findings: [CheckFinding] = []
        for (organism, home) in homes {
            guard let rule = checked.system.verify.first(where: { $0.holds(for: home) }) else { continue }
            for result in VerificationRule.order {
                guard let condition = rule.conditions[result], condition.organism == organism.name else { continue }
                findings.append(
                    CheckFinding(
                        weight: .note, check: "verify", mark: condition.mark,
                        text:
                            "\(organism.name) is a witness in '\(home.text)' itself, and gives its openings the outcome \(result.rawValue): it earns "
                            + "trust by its own word",
                        remedy: "name a cell or nerve that speaks in another region"))
            }
        }
        for (organism, home) in homes where organism.verifies.contains(home) {
            findings.append(
                CheckFinding(
                    weight: .note, check: "verify", mark: organism.verifiesMark ?? organism.mark,
                    text:
                        "\(organism.name) is a witness in '\(home.text)' itself: the thalamus refuses its outcomes of openings of which it is one",
                    remedy: "let one that speaks in another region verify it"))
        }
        return findings
    }
}
