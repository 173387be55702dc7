extension Embedding {
    /// An embedding that was kept: its components come back bit for bit.
    ///
    /// - Throws: ``EmbeddingError/notFinite`` when the components are not of length 1 (to a thousandth) together.
    public init(stored values: [Float]) throws(EmbeddingError) {
        var sum = 0.0
        for value in values { sum += Double(value) * Double(value) }
        guard abs(sum - 1) <= 0.002 else { throw .notFinite }
        self.values = values
    }
}
