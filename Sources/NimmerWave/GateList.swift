/// The thalamus's answer to `gates`: as many as one message holds, the most wakeful first, and how many more there are.
public struct GateList: Sendable, Hashable {
    /// The gates, as ``AttendedGate`` writes them.
    public private(set) var gates: [JSON]
    /// Number of gates that are not among them.
    public private(set) var leftOut: Int

    /// Limit of the list of an answer, of ``Wire/maximumBytes``; the rest is for the envelope around it.
    private static let maximumBytes = Wire.maximumBytes - 2_048

    /// The first gates of a list, as many as one message holds.
    ///
    /// - Parameter leftOut: how many are left out already.
    public init(_ gates: [JSON], leftOut: Int = 0) {
        self.gates = Wire.fitting(gates, into: Self.maximumBytes)
        self.leftOut = leftOut + gates.count - self.gates.count
    }

    /// One list of the gates of several, the highest potential first, as many as one message holds.
    package init(merging lists: [GateList]) {
        let gates = lists.flatMap(\.gates).sorted {
            ($0["potential"]?.double ?? 0) > ($1["potential"]?.double ?? 0)
        }
        self.init(gates, leftOut: lists.reduce(0) { $0 + $1.leftOut })
    }

    /// The list in an answer: the array alone, or an object with `gates` and `left_out`; nil when it is neither.
    public init?(_ json: JSON) {
        let json = json.resolved
        guard let gates = json.array ?? json["gates"]?.array else { return nil }
        self.gates = gates.map(\.resolved)
        leftOut = max(0, json["left_out"]?.int ?? 0)
    }

    /// The list for an answer: an array where it is whole.
    public var json: JSON {
        leftOut == 0
            ? .array(gates) : .object(["gates": .array(gates), "left_out": .number(Double(leftOut))])
    }
}

extension Wire {
    /// The first values of a list, as many as fit into so many bytes.
    package static func fitting(_ values: [JSON], into maximumBytes: Int) -> [JSON] {
        var bytes = 0
        return Array(
            values.prefix { value in
                bytes += value.text.utf8.count + 1
                return bytes <= maximumBytes
            })
    }
}
