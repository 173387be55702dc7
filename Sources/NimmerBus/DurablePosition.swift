/// Position of a durable consumer of a stream, by name: what a copy of the stream needs, so that its readers continue where they were.
public struct DurablePosition: Sendable, Hashable {
    /// The durable's name.
    public var name: String
    /// The pattern of the subjects that it reads; nil: all.
    public var filter: String?
    /// The sequence up to which everything is acknowledged; what lies behind it may be, too.
    public var position: UInt64
    /// Indicates whether it takes messages when it is ready for them, one filter at the most, and acknowledges each: only such a one can be
    /// made by ``Bus/consumer(_:)``.
    public var isOrdinary: Bool

    /// Creates a position.
    public init(name: String, filter: String?, position: UInt64, isOrdinary: Bool = true) {
        self.name = name
        self.filter = filter
        self.position = position
        self.isOrdinary = isOrdinary
    }
}
