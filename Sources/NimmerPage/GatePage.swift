import NimmerScope
import NimmerWave

/// The thalamus's explanation of a gate as a page shows it: "why did it not open?" (gates.md, Explanation).
struct GatePage {
    let explanation: JSON
    let feed: PageFeed
    let state: ScopeState

    init(_ explanation: JSON, _ feed: PageFeed, _ state: ScopeState) {
        self.explanation = explanation
        self.feed = feed
        self.state = state
    }

    private func number(_ key: String) -> JSON { explanation[key]?.double.map { PageText.number($0) } ?? .null }

    var json: JSONObject {
        let region = explanation["region"]?.string ?? ""
        let reasons = (explanation["kept_from_opening"]?.array ?? []).compactMap(\.string)
        var object: JSONObject = [
            "gate": feed.gate(ofRegion: region, state).map { PageText.count($0) } ?? .null,
            "name": PageText.shown(region, PageText.name),
            "state": PageText.shown((explanation["state"]?.string ?? "").uppercased(), PageText.name),
            "x": number("potential"), "missing": number("missing"), "open": number("open_threshold"),
            "close": number("close_threshold"), "weight": number("weight"),
            "earned": .bool(explanation["trust"]?.string == "earned"),
            "sentence": PageText.shown(sentence(reasons), PageText.payload),
            "reasons": .array(reasons.map { PageText.shown($0, PageText.payload) }),
        ]
        object["witnesses"] = .array((explanation["witnesses"]?.array ?? []).prefix(64).map(witness))
        object["origins"] = .array(
            (explanation["origins"]?.array ?? []).prefix(32).map { origin in
                [
                    "name": PageText.shown(origin["origin"]?.string ?? "", PageText.name),
                    "trust": PageText.number(origin["trust"]?.double ?? 0),
                    "confirmed": PageText.number(origin["ok"]?.double ?? 0, 2),
                    "failed": PageText.number(origin["failed"]?.double ?? 0, 2),
                ]
            })
        object["points"] = .array(
            (explanation["steps"]?.array ?? []).compactMap { step in
                guard let at = step["at"]?.string.flatMap({ try? Timestamp(rfc3339: $0) }),
                    let after = step["after"]?.double
                else { return nil }
                return .array([PageText.moment(at), PageText.number(after)])
            })
        return object
    }

    private func sentence(_ reasons: [String]) -> String {
        if explanation["state"]?.string == "open" {
            return explanation["opening"]?["why"]?.string.map { "It is open: \($0)." } ?? "It is open."
        }
        return reasons.first.map { "It did not open: \($0)." } ?? "Nothing was heard of it lately."
    }

    private func witness(_ witness: JSON) -> JSON {
        let confidence = witness["confidence"]?.double ?? 0
        let polarity = witness["polarity"]?.double ?? 1
        let isFresh = witness["in_window"]?.bool ?? false
        let asserting = (explanation["witnesses"]?.array ?? []).filter {
            $0["in_window"]?.bool ?? false && ($0["polarity"]?.double ?? 1) > 0
        }
        let why =
            !isFresh
            ? "too old"
            : polarity < 0 ? "denies" : asserting.count == 1 ? "alone" : confidence < 0.5 ? "too weak" : "fresh"
        return [
            "name": PageText.shown(witness["origin"]?.string ?? "", PageText.name),
            "confidence": PageText.number(confidence),
            "polarity": PageText.number(polarity, 0), "age": PageText.number(witness["age_ms"]?.double ?? 0, 0),
            "push": PageText.number(witness["push"]?.double ?? 0), "why": .string(why),
        ]
    }
}
