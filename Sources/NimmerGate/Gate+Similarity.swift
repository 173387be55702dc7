extension Gate {
    /// The similarity of a witness to the last wave that resonated (gates.md, A wave arrives, 4; Collapse).
    public func similarity(of witness: GateWitness, to other: GateWitness) -> Double {
        Self.similarity(witness, other.region, other.vector, other.norm)
    }

    @inline(never)
    static func similarity(_ a: GateWitness, _ region: Int32, _ vector: [Double], _ norm: Double) -> Double {
        guard !a.vector.isEmpty, !vector.isEmpty else { return a.region == region ? 1 : 0 }
        guard a.vector.count == vector.count, a.norm > 0, norm > 0 else { return 0 }
        var dot = 0.0
        for index in vector.indices { dot += a.vector[index] / a.norm * (vector[index] / norm) }
        return min(1, max(-1, dot))
    }

    /// The length of a vector, scaled so that large components do not overflow.
    @inline(never)
    static func norm(_ vector: [Double]) -> Double {
        let greatest = vector.reduce(0) { max($0, abs($1)) }
        guard greatest > 0 else { return 0 }
        return greatest * vector.reduce(0) { $0 + ($1 / greatest) * ($1 / greatest) }.squareRoot()
    }
}

/// The amplified confidence of witnesses that agree: `1 - Π(1 - c·max(0, s))` (gates.md, Collapse).
@inlinable
public func amplifiedConfidence(_ witnesses: some Sequence<(confidence: Double, similarity: Double)>) -> Double {
    1 - witnesses.reduce(1) { $0 * (1 - $1.confidence * max(0, $1.similarity)) }
}
