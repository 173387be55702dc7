import NimmerWave

extension MessageBuffer {
    /// Number of the newest entries that are searched for a witness.
    private static let searched = 4096

    /// The region of the wave that was a gate's witness: all waves of its sender and origin, as sure and of its polarity, are in that one. Where they
    /// are in several, its content decides, then its time.
    ///
    /// - Parameter content: what an opening carries of the witness, byte for byte; nil where it carries nothing.
    /// - Returns: nil where no such wave is kept, and where waves of several regions fit: nothing is learned from a guess.
    func region(of signal: TriggerSignal, content: String?) -> String? {
        let value = Float(signal.confidence) * Float(signal.polarity)
        let found = entries.numbers.suffix(Self.searched).map { entries[$0] }.filter { entry in
            entry.kind == .wave && abs(entry.value - value) < 1e-6
                && traces[Int(entry.trace)].origin == signal.origin.text
                && subjects[Int(entry.subject)].owner == signal.source
        }
        return onlyRegion(of: found)
            ?? content.flatMap { content in onlyRegion(of: found.filter { wave($0)?.content == content }) }
            ?? onlyRegion(of: found.filter { wave($0)?.at == signal.timestamp })
    }

    private func onlyRegion(of waves: [Entry]) -> String? {
        guard let lane = waves.first?.lane, waves.allSatisfy({ $0.lane == lane }) else { return nil }
        return lanes[Int(lane)].name
    }
}
