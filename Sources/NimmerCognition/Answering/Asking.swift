import NimmerBus
import NimmerWave

/// Subjects of requests, and how one is read from there: as a message of its own, or as an opening that carries its terms.
package enum Asking {
    /// The streams that hold requests, each with the filter of its reader (a server of 2.9 takes one filter a reader).
    package static func streams(_ env: Environment) -> [(stream: String, filter: SubjectPattern?)] {
        [(SystemStreams.escalations(env), nil), (SystemStreams.transitions(env), .transitions(env))]
    }

    /// The request that a stored message asks; nil for one that asks nothing.
    ///
    /// - Throws: a ``Refusal`` for a message that cannot be read.
    package static func request(in message: BusMessage, of stream: String, _ env: Environment) throws(Refusal)
        -> CognitiveRequest?
    {
        guard stream == SystemStreams.transitions(env) else {
            return try Envelope<CognitiveRequest>(decoding: message.payload, on: message.subject).body
        }
        // Most transitions ask nothing, and are not taken apart.
        guard message.payload.holds("\"escalation\"") else { return nil }
        return try Envelope<GateTransition>(decoding: message.payload, on: message.subject).body.escalated
    }
}

extension [UInt8] {
    /// Returns whether a text stands somewhere in these bytes.
    fileprivate func holds(_ text: StaticString) -> Bool {
        withUnsafeBytes { bytes in
            text.withUTF8Buffer { wanted in
                guard let first = wanted.first, bytes.count >= wanted.count else { return false }
                for start in 0...(bytes.count - wanted.count) where bytes[start] == first {
                    if (1..<wanted.count).allSatisfy({ bytes[start + $0] == wanted[$0] }) { return true }
                }
                return false
            }
        }
    }
}
