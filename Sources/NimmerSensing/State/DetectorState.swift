import NimmerWave

// What a detector has learned, field by field. Its settings are not part of it: they are the reader's, and must be the writer's.

extension Detector: Keepable {
    package mutating func exchange(_ codec: inout StateCodec) throws(Refusal) {
        try codec.count(&samples)
        try codec.count(&refused)
        try codec.count(&relearned)
        var reason = relearns.map { $0 == .loud ? 1 : 2 } ?? 0
        try codec.field(&reason, in: 0...2)
        relearns = [nil, .loud, .moves][reason]
        try memory.exchange(&codec)
    }
}

extension Detector.Memory: Keepable {
    package mutating func exchange(_ codec: inout StateCodec) throws(Refusal) {
        for place in [\Self.age, \.samples, \.changes, \.loud] as [WritableKeyPath<Self, Int>] {
            try codec.count(&self[keyPath: place])
        }
        try codec.field(&lastGap, in: 0...Int.max)
        for place in [\Self.hasLearned, \.hasRested, \.cameBack] as [WritableKeyPath<Self, Bool>] {
            try codec.field(&self[keyPath: place])
        }
        for place in [
            \Self.resolution, \.moves, \.meanStep, \.variance, \.baseline, \.above, \.below, \.residuals.0,
            \.residuals.1,
            \.residuals.2, \.residuals.3, \.residuals.4, \.shortSteps, \.lastStep, \.spikes,
        ] as [WritableKeyPath<Self, Double>] { try codec.field(&self[keyPath: place]) }
        try codec.field(&previous)
        try codec.field(&home)
        var isSurprised = surprise != nil
        try codec.field(&isSurprised)
        if isSurprised {
            var seen = surprise ?? Learning.Excursions()
            try seen.exchange(&codec)
            surprise = seen
        } else {
            surprise = nil
        }
        try learning.exchange(&codec)
        try settled.exchange(&codec)
        try level.exchange(&codec)
        try spread.exchange(&codec)
        try leap.exchange(&codec)
    }
}

extension Learning: Keepable {
    package mutating func exchange(_ codec: inout StateCodec) throws(Refusal) {
        try sums.exchange(&codec)
        var hasParts = !parts.isEmpty
        try codec.field(&hasParts)
        if codec.isReading { parts = hasParts ? Array(repeating: Part(), count: Self.parts) : [] }
        for part in parts.indices {
            try parts[part].sums.exchange(&codec)
            try parts[part].seen.exchange(&codec)
        }
    }
}

extension Learning.Sums: Keepable {
    package mutating func exchange(_ codec: inout StateCodec) throws(Refusal) {
        for place in [\Self.count, \.mean, \.squares, \.differences, \.steps] as [WritableKeyPath<Self, Double>] {
            try codec.field(&self[keyPath: place])
        }
        try codec.count(&changes)
    }
}

extension Learning.Excursions: Keepable {
    package mutating func exchange(_ codec: inout StateCodec) throws(Refusal) {
        try codec.field(&level)
        try codec.field(&spread)
        try codec.field(&leap)
    }
}

extension Unit: Keepable {
    package mutating func exchange(_ codec: inout StateCodec) throws(Refusal) {
        try codec.field(&smallest)
        try codec.field(&learned)
        try codec.field(&size)
    }
}

extension ChangeDetector: Keepable {
    /// Without the moment of the last report: the bound begins again.
    package mutating func exchange(_ codec: inout StateCodec) throws(Refusal) {
        try detector.exchange(&codec)
        try codec.field(&isChanged)
        try codec.count(&withheld)
    }
}
