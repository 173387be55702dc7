import NimmerCell
import NimmerWave

extension Manifest {
    /// The collision avoidance nerve.
    public static let collisionAvoidance = Manifest(
        name: "collision_avoidance", version: "1.0.0",
        summary: "Keeps a robot from running into things: detects, evaluates, evades and resumes.",
        domain: "motion", region: "motion",
        costs: Dictionary(
            uniqueKeysWithValues: CollisionAvoidance.State.allCases.filter { $0.cost > 0 }.map {
                ($0.rawValue.lowercased(), $0.cost)
            }),
        weight: 0.9,
        settings: [
            .text("front", "distance-front", "The distance cell that looks ahead."),
            .text("left", "distance-left", "The distance cell that looks to the left."),
            .text("right", "distance-right", "The distance cell that looks to the right."),
            .text("back", "distance-back", "The distance cell that looks behind."),
            .text("motor", nil, "The motor cell that is asked; nobody unless set."),
            .number("block_m", 0.9, in: 0.001...1000, unit: "metres", "Nearer than this, the front is blocked."),
            .number("clear_m", 1, in: 0.001...1000, unit: "metres", "Farther than this, the front is clear again."),
            .number("side_m", 0.6, in: 0.001...1000, unit: "metres", "The room that a side needs."),
            .number("back_m", 0.3, in: 0.001...1000, unit: "metres", "The room that the back needs."),
            .number(
                "missing_ms", 1000, in: 1...3_600_000, unit: "milliseconds", "Silence after which a sensor is missing."),
            .number("turn_ms", 8000, in: 1...3_600_000, unit: "milliseconds", "A turn that takes longer has failed."),
            .number("reverse_ms", 1500, in: 1...3_600_000, unit: "milliseconds", "How long it goes back."),
            .whole("tries", 3, in: 1...100, "Evasions that may fail before it escalates."),
            .number("side_share", 0.4, in: 0...0.49, "How much of a side's confidence supports the front."),
        ])
}

extension AvoidanceSettings {
    /// Reads and checks the nerve's settings.
    ///
    /// - Throws: a ``Refusal`` naming the setting and what was expected.
    public init(_ settings: Settings) throws(Refusal) {
        self.init()
        block = settings.number("block_m")
        clear = settings.number("clear_m")
        side = settings.number("side_m")
        back = settings.number("back_m")
        missing = settings.number("missing_ms")
        turn = settings.number("turn_ms")
        reverse = settings.number("reverse_ms")
        tries = settings.whole("tries")
        sideShare = settings.number("side_share")
        self = try validated()
    }

    /// The distance cells by their names, as the settings have them.
    public static func cells(_ settings: Settings) throws(Refusal) -> [Token: Sector] {
        var cells: [Token: Sector] = [:]
        for sector in Sector.allCases {
            let name = try Token(settings.text(sector.rawValue))
            guard cells.updateValue(sector, forKey: name) == nil else {
                throw Refusal(
                    .duplicate, field: sector.rawValue, "each sector needs a distance cell of its own",
                    found: "'\(name)' twice")
            }
        }
        return cells
    }
}
