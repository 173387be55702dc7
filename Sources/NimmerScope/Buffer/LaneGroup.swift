import NimmerWave

/// Lanes that are drawn as one: a region of the thalamus with the regions that it folds into itself; an organ or a mind alone.
struct LaneGroup: Sendable {
    /// The region, organ or mind.
    let name: String
    /// Its world.
    let domain: SubjectDomain
    /// The numbers of its lanes.
    var lanes: [Int] = []
    /// The origins that have spoken in it, by name: the place of one is its letter and shade, on every screen that has seen the same origins.
    private(set) var origins: [String] = []

    init(_ name: String, _ domain: SubjectDomain) {
        self.name = name
        self.domain = domain
    }

    /// Takes in an origin; nothing changes for one that is known.
    mutating func add(origin: String) {
        let place = place(of: origin)
        if place == origins.count || origins[place] != origin { origins.insert(origin, at: place) }
    }

    /// The place of an origin among all of them, or where it would be.
    func place(of origin: String) -> Int {
        var (low, high) = (0, origins.count)
        while low < high {
            let middle = (low + high) / 2
            if origins[middle] < origin { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".unicodeScalars)

    /// The letter that stands for an origin on its trace and in the legend; of more origins than letters the last ones share a sign.
    static func letter(_ place: Int) -> Unicode.Scalar { letters.indices.contains(place) ? letters[place] : "*" }
}

/// Homes of the regions that waves name, as far as they are known: as the thalamus states them or, where it was not asked, as openings show them.
struct RegionHomes: Sendable {
    private var map: RegionMap?
    private var shown: [String: String] = [:]

    init(_ map: RegionMap?) { self.map = map }

    /// Indicates whether the thalamus or a system file states them.
    var isStated: Bool { map != nil }

    /// Indicates whether every region is its own.
    var isTrivial: Bool { map.map(\.rules.isEmpty) ?? shown.isEmpty }

    /// Takes in what the thalamus states; what openings showed counts no more.
    mutating func state(_ map: RegionMap) {
        self.map = map
        shown = [:]
    }

    /// Takes in that an opening of one region had a witness in another.
    ///
    /// - Returns: whether that is new.
    mutating func show(_ region: String, livesIn home: String) -> Bool {
        guard map == nil, region != home, shown[region] != home, shown.count < MessageBuffer.maximumLanes else {
            return false
        }
        shown[region] = home
        return true
    }

    /// The region whose gate hears the waves of one.
    func home(of name: String) -> String {
        if let map { return (try? Region(name)).map { map.home(of: $0).text } ?? name }
        return shown[name] ?? name
    }
}
