/// Meaning as vectors: when regions join, which organ has the real model, what a mind is reminded of (spec/iris.md).
///
/// The section `iris` of a system file; an empty one (`iris: {}`) is on with the defaults.
public struct IrisSettings: Sendable, Hashable {
    /// Cosine from which a new region joins the nearest home, 0.2…0.95.
    public var join = 0.40
    /// Amount by which the cosine of a region that joined may sink below ``join`` before it leaves, 0…0.2.
    public var hysteresis = 0.05
    /// Name of the organ with the real model, one with `embeddings: true`; nil: the table in the process alone.
    public var organ: String?
    /// Timeout of an embedding by the organ, in milliseconds, 10…5000; afterwards the table answers.
    public var deadlineMS = 250
    /// Earlier decisions that a mind is reminded of.
    public var recall = Recall()
    /// Position in the file.
    public var mark = YAMLMark.start

    /// Earlier decisions with their outcomes that the bridge adds to a prompt, as quoted data.
    public struct Recall: Sendable, Hashable {
        /// Decisions at most, 0…20; 0: none.
        public var items = 3
        /// Bytes that they may have together, 256…16384.
        public var bytes = 2_048
        /// Timeout, in milliseconds, 1…5000; afterwards the mind is asked without them.
        public var deadlineMS = 50

        /// Three decisions in 2,048 bytes, within 50 ms.
        public init() {}
    }

    /// On, with the defaults: a join from 0.40, by the table.
    public init() {}
}
