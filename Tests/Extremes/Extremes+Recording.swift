import NimmerWave

extension Extremes {
    /// A recording of messages at the edges, of any times where the seed is even.
    public static func recording(_ seed: UInt64) -> String {
        var extremes = Extremes(seed)
        var recording = ""
        for step in 0..<120 {
            let (subject, payload) =
                step % 3 == 0
                ? (Self.subject(of: .waveSignal), extremes.message(WaveSignal.self)) : extremes.message()
            let at =
                seed % 2 == 0
                ? extremes.time() : Timestamp(milliseconds: 1_771_093_800_000 + Double(step) * 100)
            recording +=
                #"{"at":"\#(at.rfc3339)","subject":"\#(subject)","message":\#(String(decoding: payload, as: UTF8.self))}"#
            recording += "\n"
        }
        return recording
    }
}
