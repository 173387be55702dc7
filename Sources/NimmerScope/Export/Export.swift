import NimmerWave

extension ScopeState {
    /// The window as files.
    func export() -> ScopeExport {
        ScopeExport(name: "scope", csv: [], svg: [])
    }
}
