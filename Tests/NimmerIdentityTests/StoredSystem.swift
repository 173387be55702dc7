import IdentifiedServers
import NimmerBus
import NimmerWave
import Synchronization
import Testing

@testable import NimmerBusNATS

/// Every stream and bucket of the system with something in it, seen by a client that may see everything.
struct StoredSystem: Sendable {
    /// What a stream is, and each message that it holds.
    struct Contents: Equatable {
        var config: JSON
        /// Its messages and sequences; nothing of its readers, which come and go.
        var state: JSONObject
        var messages: [UInt64: [UInt8]] = [:]
    }

    let bus: NATSBus
    let streams: [StreamConfiguration]
    private let answers = Answers()

    /// Messages that nobody waits for an answer to, and that went to no inbox: what an answer became that was led elsewhere.
    private final class Answers: Sendable { let heard = Mutex<[String: Int]>([:]) }

    static func open(_ ground: Ground) async throws -> StoredSystem {
        let bus = try await NATSBus.open(ground.identified.client("stored"))
        let stored = StoredSystem(bus: bus, streams: try SystemStreams.all(.dev))
        for stream in stored.streams { try await bus.ensureStream(stream) }
        let subjects = [
            "dev.nervous.gates.kept.transition", "dev.cognitive.bridge.request.operator",
            "dev.cognitive.bridge.response", "dev.nervous.gates.kept.outcome", "dev.nervous.lifeforce.thalamus",
            "dev.nervous.cells.math.wave",
            "dev.nervous.regions.kept", "dev.nervous.aside.hippocampus", "$KV.DEV-ACTS.kept", "$KV.DEV-GARDEN.kept",
            "$KV.DEV-SHARDS.kept",
            "$KV.DEV-HANDLING.kept",
            "$KV.DEV-LEARNED.kept",
        ]
        for subject in subjects { try bus.publish(try Subject(foreign: subject), payload: Array("kept".utf8)) }
        for stream in stored.streams {
            #expect(try await stored.count(of: stream.name, atLeast: 1) == 1, "\(stream.name)")
        }
        let answers = stored.answers
        _ = try await bus.subscribe(SubjectPattern(">")) { _, _, arrival in
            guard arrival.reply == nil else { return }
            let text = arrival.message().subject.text
            let isServers = text.hasPrefix("$JS.EVENT.") || text.hasPrefix("$SYS.") && !text.hasPrefix("$SYS.REQ.")
            guard !text.hasPrefix("_INBOX.") && !isServers || text.hasSuffix(".waiting") else { return }
            answers.heard.withLock { $0[text, default: 0] += 1 }
        }
        return stored
    }

    /// What was said so far to no inbox, or into the inbox of somebody who waits, without a reply subject: by the subject, how often.
    var laundered: [String: Int] { answers.heard.withLock { $0 } }

    /// Returns whether a stream captures a subject.
    func captures(_ subject: String) -> Bool {
        guard let subject = try? Subject(foreign: subject) else { return false }
        return streams.contains { $0.subjects.contains { $0.matches(subject.text) } }
    }

    /// How many messages a stream holds once it holds so many; what there are when it does not come to that.
    func count(of stream: String, atLeast wanted: UInt64) async throws -> UInt64 {
        var count: UInt64 = 0
        for _ in 0..<2000 {
            count = try await bus.stream(stream).messages
            if count >= wanted { break }
        }
        return count
    }

    /// Everything that is stored now.
    func contents() async throws -> [String: Contents] {
        var all: [String: Contents] = [:]
        for stream in streams {
            let info = try await bus.api.call("STREAM.INFO.\(stream.name)")
            var state = try #require(info["state"]?.object)
            state["consumer_count"] = nil
            var found = Contents(config: try #require(info["config"]), state: state)
            let first = UInt64(info["state"]?["first_seq"]?.int ?? 1)
            let last = UInt64(info["state"]?["last_seq"]?.int ?? 0)
            for sequence in first..<max(first, last + 1) {
                found.messages[sequence] = try await bus.message(stream: stream.name, sequence: sequence)?
                    .message.payload
            }
            all[stream.name] = found
        }
        return all
    }
}
