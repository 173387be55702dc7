/// One numbered, append-only step of the schema.
///
/// A published migration is never edited: its checksum is in every database that has it, and a difference stops the
/// hippocampus. What should be different goes into the next one.
public struct Migration: Sendable, Hashable {
    /// Its place in the order, from 1, without gaps.
    public let version: Int
    /// Description, in a few words.
    public let name: String
    /// The statements, run in one transaction.
    let sql: String

    /// The migrations of this program, oldest first.
    public static let all: [Migration] = [
        .tables, .totals, .partitions, .views, .acts, .openers, .intervals, .accepted, .variants, .lifeforce,
        .outcomes, .opinions, .shares, .meanings, .pendingMeanings,
    ]
}
