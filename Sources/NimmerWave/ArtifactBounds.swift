/// The room for artifacts of one environment (spec/artifacts.md, The store).
public struct ArtifactBounds: Sendable, Hashable {
    /// The bytes of all artifacts together, 1 MiB to 1 TiB; 1 GiB by default.
    public var maximumBytes: Int64
    /// The bytes of one artifact, at most those of all; 32 MiB by default.
    public var maximumArtifactBytes: Int64
    /// After which time an artifact is gone, a minute to ten years; 7 days by default.
    public var maximumAge: Duration

    /// The bounds of a system file that states none.
    public static let usual = ArtifactBounds()

    /// Bounds with their defaults.
    public init(
        maximumBytes: Int64 = 1 << 30, maximumArtifactBytes: Int64 = 32 << 20, maximumAge: Duration = .seconds(604_800)
    ) {
        self.maximumBytes = maximumBytes
        self.maximumArtifactBytes = maximumArtifactBytes
        self.maximumAge = maximumAge
    }
}
