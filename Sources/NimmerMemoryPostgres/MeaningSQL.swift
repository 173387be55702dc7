import NimmerIris
import NimmerMemory
import NimmerWave

/// Conditions of a statement over the memories of one kernel and model, with their binds.
///
/// The kernel stands in every statement, also where row-level security holds the rows of others back: the planner then reads its partition only.
struct MeaningSQL {
    private(set) var binds: [String?] = []
    private(set) var conditions: String

    init(_ kernel: Token, _ model: EmbeddingModel) {
        conditions = "kernel = $1 and model = $2 and dimensions = \(model.dimensions)"
        binds = [kernel.text, model.name]
    }

    /// Conditions of a question.
    init(_ kernel: Token, _ query: VectorQuery) {
        self.init(kernel, query.model)
        conditions += " and env = \(bind(query.environment.rawValue))"
        if let region = query.region { conditions += " and region = \(bind(region.text))" }
        if query.kinds != Set(RememberedItem.Kind.allCases) {
            conditions += " and kind = any(\(bind(Self.array(query.kinds.map(\.rawValue).sorted())))::text[])"
        }
        if let since = query.since { conditions += " and at >= \(bind(since.rfc3339))::timestamptz" }
    }

    /// Adds a value; returns its place in the statement.
    mutating func bind(_ value: String?) -> String {
        binds.append(value)
        return "$\(binds.count)"
    }

    /// A statement with these binds.
    func statement(_ text: String) -> SQL { SQL(text: text, binds: binds) }

    /// An array as PostgreSQL reads it: each element quoted.
    static func array(_ elements: [String?]) -> String {
        let quoted = elements.map { element -> String in
            guard let element else { return "NULL" }
            var text = "\""
            for character in element.unicodeScalars {
                if character == "\"" || character == "\\" { text += "\\" }
                text.unicodeScalars.append(character)
            }
            return text + "\""
        }
        return "{\(quoted.joined(separator: ","))}"
    }

    /// The components of an embedding, between brackets of its kind: `{…}` of an array, `[…]` of a vector.
    static func components(_ embedding: Embedding, _ open: Character, _ close: Character) -> String {
        "\(open)\(embedding.values.map { "\($0)" }.joined(separator: ","))\(close)"
    }
}
