import NimmerWave

extension Thalamus {
    /// Degradations, each in a sentence without its full stop (architecture.md, Degrade visibly).
    ///
    /// - Parameter heldBack: the senders that the server holds back now.
    package func degraded(heldBack: Set<String>) -> [String] {
        let (floods, quietened, lately) = (floods.map(\.name), quietened, refusedLately)
        var found = loudestSenders.filter { floods.contains($0.name) || quietened.contains($0.name) }.map { flood in
            "'\(flood.name)' floods the bus: \(flood.words)"
                + (heldBack.contains(flood.name) ? "; it is held back for the others' sake" : "")
        }
        if lately.origins > 0 {
            found.append(
                "\(lately.origins) waves a second name origins that are not granted: the rejects name the line to add")
        }
        if lately.regions > 0 {
            found.append("\(lately.regions) waves a second are refused: their senders bring too many new regions")
        }
        if lately.gates > 0 {
            found.append("\(lately.gates) openings a second do not happen: their senders tip too many gates")
        }
        if lately.questions > 0 {
            found.append("\(lately.questions) openings a second do not go up: the answers would fill the stream")
        }
        return found
    }
}
