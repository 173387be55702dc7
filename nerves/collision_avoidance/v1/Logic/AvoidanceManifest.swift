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
        weight: 0.9)
}

/// Settings of the collision avoidance nerve.
public struct AvoidanceOptions: ProcessOptions {
    let front = Setting.text("front", "distance-front", "The distance cell that looks ahead.")
    let left = Setting.text("left", "distance-left", "The distance cell that looks to the left.")
    let right = Setting.text("right", "distance-right", "The distance cell that looks to the right.")
    let back = Setting.text("back", "distance-back", "The distance cell that looks behind.")
    let motor = Setting.text("motor", "The motor cell that is asked; none unless set.")
    let block = Setting.number(
        "block_m", 0.9, in: 0.001...1000, unit: "metres", "Nearer than this, the front is blocked.")
    let clear = Setting.number(
        "clear_m", 1, in: 0.001...1000, unit: "metres", "Farther than this, the front is clear again.")
    let sideRoom = Setting.number("side_m", 0.6, in: 0.001...1000, unit: "metres", "The room that a side needs.")
    let backRoom = Setting.number("back_m", 0.3, in: 0.001...1000, unit: "metres", "The room that the back needs.")
    let missing = Setting.number(
        "missing_ms", 1000, in: 1...3_600_000, unit: "milliseconds", "Silence after which a sensor is missing.")
    let turn = Setting.number(
        "turn_ms", 8000, in: 1...3_600_000, unit: "milliseconds", "A turn that takes longer has failed.")
    let reverse = Setting.number("reverse_ms", 1500, in: 1...3_600_000, unit: "milliseconds", "How long it goes back.")
    let tries = Setting.whole("tries", 3, in: 1...100, "Evasions that may fail before it escalates.")
    let sideShare = Setting.number(
        "side_share", 0.4, in: 0...0.49, "How much of a side's confidence supports the front.")

    public init() {}
}

extension AvoidanceSettings {
    /// Reads and checks the nerve's settings.
    ///
    /// - Throws: a ``Refusal`` naming the setting and what was expected.
    public init(_ settings: Settings<AvoidanceOptions>) throws(Refusal) {
        self.init()
        block = settings.block
        clear = settings.clear
        side = settings.sideRoom
        back = settings.backRoom
        missing = settings.missing
        turn = settings.turn
        reverse = settings.reverse
        tries = settings.tries
        sideShare = settings.sideShare
        self = try validated()
    }

    /// The distance cells by their names, as the settings have them.
    public static func cells(_ settings: Settings<AvoidanceOptions>) throws(Refusal) -> [Token: Sector] {
        var cells: [Token: Sector] = [:]
        for sector in Sector.allCases {
            let name =
                switch sector {
                case .front: try Token(settings.front)
                case .left: try Token(settings.left)
                case .right: try Token(settings.right)
                case .back: try Token(settings.back)
                }
            guard cells.updateValue(sector, forKey: name) == nil else {
                throw Refusal(
                    .duplicate, field: sector.rawValue, "each sector needs a distance cell of its own",
                    found: "'\(name)' twice")
            }
        }
        return cells
    }
}
