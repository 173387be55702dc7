import NimmerMemory
import NimmerWave

extension SubjectPattern {
    /// A pattern of regions as a regular expression of PostgreSQL.
    var regionExpression: String {
        let tokens = text.split(separator: ".", omittingEmptySubsequences: false).map { token in
            switch token {
            case "*": "[^.]+"
            case ">": ".+"
            default: String(token)
            }
        }
        return "^\(tokens.joined(separator: "[.]"))$"
    }
}

extension LifeforceQuery {
    /// The days, oldest first.
    var sql: SQL {
        """
        select region, day, cells, nerves, minds, organs, earned from lifeforce_overview
        where env = \(environment.rawValue) and day >= \(since)::date
          and (\(region?.regionExpression)::text is null or region ~ \(region?.regionExpression))
        order by day, region collate "C"
        """
    }
}

extension LifeforceDay {
    private static let columns = ["region", "day", "cells", "nerves", "minds", "organs", "earned"]

    /// A day from the columns of ``LifeforceQuery/sql``.
    ///
    /// - Throws: an error that names the day and the column that does not fit.
    init(row: [String?], _ environment: Environment) throws(MemoryError) {
        do throws(Refusal) {
            let row = try NamedColumns(Self.columns, row)
            self.init(Key(environment: environment, region: try row.text("region"), day: try row.text("day")))
            cells = try row.number("cells")
            nerves = try row.number("nerves")
            minds = try row.number("minds")
            organs = try row.number("organs")
            earned = try row.number("earned")
        } catch {
            let day = (row.dropFirst().first ?? nil) ?? "without a date"
            throw MemoryError(.unexpected, "the day \(day) cannot be read back: \(error.message)")
        }
    }
}
