import NimmerWave

/// Facts of a cell or nerve that follow from its settings, for `--manifest`.
public struct ManifestFacts: Sendable, Hashable {
    /// The cells and nerves whose waves it hears, by their names.
    public var hears: [Token]
    /// The cells and nerves to which it sends commands, by their names.
    public var asks: [Token]
    /// The commands that it answers; nil: those that its manifest lists.
    public var commands: [String]?

    /// Facts; a part hears none and asks none unless given.
    public init(hears: [Token] = [], asks: [Token] = [], commands: [String]? = nil) {
        self.hears = hears
        self.asks = asks
        self.commands = commands
    }
}
