import NimmerWave

extension CognitiveResponse {
    /// What has to be in mind of it where it commands nothing: who was asked, and what that cost. A week of whole responses may be more
    /// than a container has memory for.
    package var withoutReasons: CognitiveResponse {
        guard downstreamCommands.isEmpty else { return self }
        var short = self
        let record = record ?? DecisionRecord()
        short.result = DecisionRecord(region: record.region, asked: record.asked).json
        return short
    }
}
