/// A failure of a cell at a place of its source. The log names the place; at another place it is the same failure, which is logged once in a row.
package struct PlacedFailure: Error, CustomStringConvertible {
    /// Place, such as `line 7, column flow`.
    package let place: String
    /// Failure.
    package let failure: any Error

    /// The failure with its place before it.
    package var description: String { "\(place): \(failure)" }

    /// Adds a place to what a body throws.
    ///
    /// - Parameter place: nil leaves the failure as it is.
    package static func at<Value>(_ place: String?, _ body: () throws -> Value) throws -> Value {
        guard let place else { return try body() }
        do { return try body() } catch { throw PlacedFailure(place: place, failure: error) }
    }
}
