import NimmerWave

/// Finds which part of all regions a wave belongs to, from its body: the rule by which several thalami share the regions
/// (decision 0009).
///
/// The region that a wave names is taken home by the system file's rules first, so that `calculate` and `math` meet where they
/// live together; then the name of the home's gate decides, by a hash that every thalamus computes alike. Equal homes have
/// equal gates, and equal gates equal parts: that is why all waves of one region meet in one place.
///
/// A value, used under the lock of its owner; a name that it has seen before costs one look into a table.
public struct Sorter: Sendable {
    /// Into how many parts the regions are divided.
    public let partitions: Int
    private let configuration: ThalamusConfiguration
    private var assignments: [Region: Region] = [:]
    private var names: NameTable
    private var partitionOfName: [Int32] = []
    private var view = WaveView()

    /// A sorter by the rules of a thalamus.
    ///
    /// - Parameter partitions: 1…256; the same for every thalamus of an environment.
    public init(_ configuration: ThalamusConfiguration, partitions: Int) {
        precondition((1...256).contains(partitions), "the regions are divided into 1 to 256 parts")
        self.configuration = configuration
        self.partitions = partitions
        names = NameTable(capacity: max(1024, configuration.maximumRegions * 4))
    }

    /// The part of a wave, from 0.
    ///
    /// - Throws: a ``Refusal`` when the message is not a wave.
    public mutating func partition(of payload: RawSpan) throws(Refusal) -> Int {
        try WaveDecoder.decode(payload, into: &view)
        if view.hasEscapedNames { return try rewritten(payload) }
        var number = names.number(of: payload, view.regionOrDomain)
        if number < 0 {
            names.removeAll()
            partitionOfName.removeAll(keepingCapacity: true)
            number = names.number(of: payload, view.regionOrDomain)
        }
        if Int(number) < partitionOfName.count { return Int(partitionOfName[Int(number)]) }
        let named = (try? Region(names.name(number))) ?? Region(Thalamus.unnamed)
        let found = partition(of: named)
        partitionOfName.append(Int32(found))
        return found
    }

    /// The part of the region that waves name: that of its home's gate, and while no home is known, that of its own.
    func partition(of region: Region) -> Int {
        Self.partition(of: GateID(region: configuration.home(of: region, assigned: assignments)), among: partitions)
    }

    /// A region lives in a home from now on (decision 0037).
    ///
    /// - Parameter home: nil: in none.
    package mutating func assign(_ region: Region, to home: Region?) {
        assignments[region] = home
        let number = Int(names.number(of: region.text))
        guard number >= 0 else { return }
        if number < partitionOfName.count {
            partitionOfName[number] = Int32(partition(of: region))
        } else {
            partitionOfName.append(Int32(partition(of: region)))
        }
    }

    private func rewritten(_ payload: RawSpan) throws(Refusal) -> Int {
        let bytes = payload.withUnsafeBytes { Array($0) }
        let region = try Envelope<WaveSignal>(decoding: bytes).body.effectiveRegion
        return partition(of: region)
    }

    /// The part of a gate: FNV-1a over its name, so that every program in every language finds the same.
    public static func partition(of gate: GateID, among partitions: Int) -> Int {
        let hash = gate.text.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        return Int(hash % UInt32(partitions))
    }
}
