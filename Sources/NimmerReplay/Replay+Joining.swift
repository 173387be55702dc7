import NimmerOutput
import NimmerThalamus
import NimmerWave

extension Replay {
    /// Regions that joined the home of another, each in a note for a person.
    var joins: [String] {
        thalamus.decidedHere.filter { $0.reason == .joined }.map { event in
            let cosine = event.cosine.map { "cosine \(decimals($0, 2))" } ?? ""
            let required = event.required.map { ", \(decimals($0, 2)) needed" } ?? ""
            let linked = event.linked == true ? ", linked by the dictionary" : ""
            return "the region \(event.region) joined \(event.home) (\(cosine)\(required)\(linked))"
        }
    }
}
