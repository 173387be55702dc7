/// A change of the system file that fixes what a check found.
package enum SystemChange: Equatable, Sendable {
    /// Grants origins to a cell or nerve.
    case grant([OriginPattern], to: String)
}
