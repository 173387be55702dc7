import NimmerWave

// What a multivariate detector has learned, field by field. What it computes again before each use is not part of it.

extension MultivariateDetector: Keepable {
    package mutating func exchange(_ codec: inout StateCodec) throws(Refusal) {
        try codec.count(&samples)
        try codec.count(&skipped)
        try codec.count(&refused)
        try codec.count(&loud)
        try codec.fields(&leftOut)
        try codec.fields(&isGuessed)
        try codec.fields(&last)
        try codec.fields(&silent)
        try codec.fields(&longest)
        try codec.field(&weight)
        try codec.field(&renewal)
        for view in units.indices {
            try codec.field(&units[view].learned)
            try codec.field(&units[view].size)
        }
        try rows.exchange(&codec)
        try model.exchange(&codec)
        try watch.exchange(&codec)
    }
}

extension RowMemory: Keepable {
    package mutating func exchange(_ codec: inout StateCodec) throws(Refusal) {
        try codec.field(&count, in: 0...capacity)
        try codec.field(&oldest, in: 0...max(0, capacity - 1))
        for place in 0..<count * inputs { try codec.field(&values[place]) }
    }
}

extension PrincipalModel: Keepable {
    package mutating func exchange(_ codec: inout StateCodec) throws(Refusal) {
        try codec.field(&kept, in: 0...inputs)
        try codec.field(&left)
        try codec.fields(&mean)
        try codec.fields(&scale)
        try codec.fields(&isJudged)
        try codec.fields(&variances)
        for place in 0..<kept * inputs { try codec.field(&axes[place]) }
        for one in 0..<inputs {
            for other in 0...one { try codec.field(&correlation[one * inputs + other]) }
        }
    }
}

extension RowWatch: Keepable {
    package mutating func exchange(_ codec: inout StateCodec) throws(Refusal) {
        try codec.fields(&baseline)
        try codec.fields(&smoothed)
        try codec.fields(&deviations)
        try codec.fields(&views)
        for view in parts.indices { try codec.fields(&parts[view]) }
    }
}
