import NimmerIris
import NimmerOutput
import NimmerWave

/// Two names, how near they are by the table, and whether they would share a gate (spec/iris.md, Embeddings).
struct NamePair: Equatable {
    let (a, b): (String, String)
    /// Nil: the table knows no part of one of them.
    let cosine: Double?
    let relation: NameRelation
    /// Cosine that is needed; infinite where nothing joins.
    let needed: Double

    /// - Parameters:
    ///   - homes: number of homes among which the join would be decided.
    ///   - join: the threshold.
    init(_ a: String, _ b: String, by meanings: Meanings, homes: Int, join: Double) {
        (self.a, self.b) = (a, b)
        let (one, other) = (meanings.table.embedding(of: a), meanings.table.embedding(of: b))
        cosine = one.flatMap { one in other.map { one.cosine($0) } }
        relation = meanings.relation(a, b)
        needed = JoinRule.required(relation, homes: homes, join: join)
    }

    var joins: Bool { cosine.map { $0 >= needed } ?? false }

    /// Reason for it, in words.
    var why: String {
        guard cosine != nil else { return "the table knows no part of a name" }
        switch relation {
        case .linked: return "their words mean the same"
        case .apart: return "their words name different things of one kind"
        case .open: return needed > 1 ? "too many homes for vectors alone" : "by their vectors alone"
        }
    }

    var row: [any Printable] {
        [
            a, b, cosine.map { decimals($0, 3) } ?? "?", needed.isFinite ? decimals(needed, 3) : "never",
            joins ? "yes" : "no", why,
        ]
    }

    static let heading = ["name", "other", "cosine", "needed", "joins", "why"]

    var json: JSON {
        let words =
            switch relation {
            case .linked: "linked"
            case .open: "open"
            case .apart: "apart"
            }
        return [
            "a": .string(a), "b": .string(b), "cosine": cosine.map { .number(Self.rounded($0)) } ?? .null,
            "needed": needed.isFinite ? .number(Self.rounded(needed)) : .null, "joins": .bool(joins),
            "words": .string(words), "why": .string(why),
        ]
    }

    private static func rounded(_ number: Double) -> Double { (number * 1e4).rounded() / 1e4 }
}
