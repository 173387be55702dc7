extension Organism {
    /// The executable of its kind: `math/v1` is `math-cell`, `collision_avoidance/v1` is `collision-avoidance-nerve`; a
    /// later version carries its number, `math-cell-v2`.
    package var program: String {
        let name = String(kindName.map { $0 == "_" ? "-" : $0 })
        let version = kindVersion
        return "\(name)-\(role.rawValue)" + (version.isEmpty || version == "v1" ? "" : "-\(version)")
    }
}
