/// Names of the services of a system: reserved for them among cells, nerves and organs.
package enum ServiceName {
    /// The one that asks minds.
    package static let bridge = "cognition-bridge"
    /// The one that correlates.
    package static let thalamus = "thalamus"
    /// All that a system may have.
    package static let all = [thalamus, bridge, "hippocampus"]
}
