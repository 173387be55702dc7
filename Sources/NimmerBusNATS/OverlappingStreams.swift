import NimmerBus
import NimmerWave

// Streams whose subjects another stream holds already: a server keeps each message in one stream at most.

extension BusError {
    /// The error code for subjects that overlap those of another stream.
    static let subjectsOverlap = 10065
}

extension NATSBus {
    /// Names the streams in whose way a stream is, and what to do; the server's refusal names neither.
    func overlap(_ configuration: StreamConfiguration, _ refusal: BusError) async -> BusError {
        var found: [(name: String, subjects: [String])] = []
        for subject in configuration.subjects {
            guard let answer = try? await api.call("STREAM.NAMES", ["subject": .string(subject.text)]) else { continue }
            for name in (answer["streams"]?.array ?? []).compactMap(\.string)
            where name != configuration.name && !found.contains(where: { $0.name == name }) {
                let info = try? await stream(name)
                let own = (info?.subjects ?? []).filter { text in
                    guard let other = try? SubjectPattern(text) else { return true }
                    return configuration.subjects.contains { $0.overlaps(other) }
                }
                found.append((name, own))
            }
        }
        let wanted = configuration.subjects.map(\.text).joined(separator: ", ")
        guard let first = found.first else {
            return BusError(
                .conflict,
                "the stream \(configuration.name) cannot have its subjects (\(wanted)): another stream has them, or a part of them; "
                    + "`nats stream ls` lists all", cause: refusal.cause, number: refusal.number)
        }
        let others = found.map { "the stream \($0.name) (\($0.subjects.joined(separator: ", ")))" }
        return BusError(
            .conflict,
            "the stream \(configuration.name) cannot have its subjects (\(wanted)): \(others.joined(separator: " and ")) "
                + "\(found.count == 1 ? "has" : "have") them, or a part of them. Give it other subjects "
                + "(`nats stream edit \(first.name) --subjects …`), or remove it with everything in it (`nats stream rm \(first.name)`)",
            cause: refusal.cause, number: refusal.number)
    }
}
