import NimmerWave

extension Observation {
    /// Content of a wave: the loudest view, value, normal and how many times the worst that was learned.
    package var content: JSON {
        var content: JSONObject = [
            "view": .string(view.rawValue), "value": .number(value), "normal": .number(short(normal)),
            "times": .number(short(times)), "direction": .string(isAbove ? "above" : "below"),
        ]
        if view == .spread {
            content["spread"] = .number(short(spread))
            content["normal_spread"] = .number(short(normalSpread))
        }
        return .object(content)
    }

    /// The same as a one-line description.
    package var sentence: String {
        let what =
            switch view {
            case .level, .leap: "\(short(value)) where \(short(normal)) is normal"
            case .spread: "noise of \(short(spread)) where \(short(normalSpread)) is normal"
            }
        return "\(what), \(short(times)) times the worst learned"
    }
}
