import NimmerOutput
import NimmerWave

/// State of a process's chain of embeddings, from its `$SRV.STATS`, and what of it an operator should know (spec/iris.md, Which model answers).
package struct IrisReport: Equatable, Sendable {
    /// State of a link.
    package struct Link: Equatable, Sendable {
        package let model: String?
        package let answered, texts, failed: Int
        /// The last failure; nil while the last question was answered.
        package let trouble: String?
    }

    /// Name of the model in force; nil: not known yet, or there is none.
    package let model: String?
    package let organ: Link?
    package let table: Link?
    /// Questions that the table answered in place of the organ, and those that neither answered.
    package let (degradedAnswers, unanswered): (Int, Int)

    /// Reads a process's answer; nil where it embeds nothing.
    package init?(_ data: JSON) {
        guard let iris = data["iris"], iris.object != nil else { return nil }
        func link(_ key: String) -> Link? {
            guard let link = iris[key], link.object != nil else { return nil }
            let number = { (key: String) in max(0, link[key]?.int ?? 0) }
            return Link(
                model: link["model"]?.string, answered: number("answered"), texts: number("texts"),
                failed: number("failed"), trouble: link["trouble"]?.string)
        }
        model = iris["model"]?.string
        (organ, table) = (link("organ"), link("table"))
        degradedAnswers = max(0, iris["degraded"]?.int ?? 0)
        unanswered = max(0, iris["unanswered"]?.int ?? 0)
    }

    /// Problems, one line each.
    package func degraded(_ name: String) -> [String] {
        let stands = table == nil ? "there is no table: patterns alone decide" : "the table answers"
        if let trouble = organ?.trouble { return ["\(name): the organ does not embed, \(stands): \(trouble)"] }
        if organ == nil, table == nil { return ["\(name): no table of meanings: patterns alone decide"] }
        return []
    }

    /// Rows of a table for a person: one a link.
    package func rows(_ name: String) -> [[String]] {
        [("organ", organ), ("table", table)].compactMap { kind, link in
            guard let link else { return nil }
            let isInForce = link.model != nil && link.model == model
            return [
                name, kind, link.model ?? "not known yet", isInForce ? "in force" : "", "\(link.answered)",
                "\(link.texts)", "\(link.failed)", link.trouble ?? "",
            ]
        }
    }

    package static let heading = ["process", "link", "model", "", "answered", "texts", "failed", "trouble"]
}
