import NimmerBus
import NimmerWave
import Synchronization

/// The contract of ``NimmerBus/Bus``, as checks that every implementation must pass.
///
/// Checks of one bus may share a server: each uses a name of its own for subjects and streams.
///
///     @Test(arguments: BusConformance.checks)
///     func keepsTheContract(_ check: BusConformance.Check) async throws {
///         try await check.run(makeBus())
///     }
public enum BusConformance {
    /// One promise of the contract.
    public struct Check: Sendable, CustomStringConvertible {
        /// The promise in a few words.
        public let description: String
        private let body: @Sendable (any Bus, Names) async throws -> Void

        init(_ description: String, _ body: @escaping @Sendable (any Bus, Names) async throws -> Void) {
            self.description = description
            self.body = body
        }

        /// Throws a ``Violation`` when the bus does not keep the promise. Leaves no stream behind.
        public func run(_ bus: any Bus) async throws {
            let names = Names()
            try await body(bus, names)
            guard bus.status.phase == .connected else { return }
            for stream in [names.stream, "KV_\(names.bucket)"] { try? await bus.deleteStream(stream) }
        }
    }

    /// A promise that was not kept.
    public struct Violation: Error, CustomStringConvertible {
        /// Description of what was expected and what was found.
        public let description: String
    }

    /// Names that no other check uses.
    struct Names: Sendable {
        let base = "check-" + MessageID.v7().text

        var stream: String { base.uppercased() }
        var bucket: String { base }

        func subject(_ rest: String) throws -> Subject { try Subject(foreign: "\(base).\(rest)") }
        func pattern(_ rest: String) throws -> SubjectPattern { try SubjectPattern("\(base).\(rest)") }
    }

    /// All promises.
    public static let checks: [Check] = messaging + asking + storing + consuming + keeping + serving + ending

    static func expect<Value: Equatable>(_ found: Value, _ expected: Value, _ what: String) throws {
        guard found == expected else { throw Violation(description: "\(what): expected \(expected), found \(found)") }
    }

    /// The state of a consumer once it has nothing unacknowledged, or after two minutes. Servers from 2.10 on take acknowledgements in on
    /// a thread of their own, after what follows them on the connection.
    static func settled(_ consumer: any Consumer) async throws -> ConsumerInfo {
        let deadline = ContinuousClock.now + .seconds(120)
        while true {
            let info = try await consumer.info()
            if info.unacknowledged == 0 || ContinuousClock.now >= deadline { return info }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// All answers to a request of many. A busy machine may need longer than a wait, so one that brings fewer than `count` is repeated with
    /// twice the time, up to 12.8 seconds.
    static func collected(_ count: Int, from bus: any Bus, _ subject: Subject) async throws -> [BusMessage] {
        var answers: [BusMessage] = []
        for wait in [200, 400, 800, 1600, 3200, 6400, 12_800] {
            answers = try await bus.requestMany(subject, payload: [], wait: .milliseconds(wait))
            if answers.count >= count { break }
        }
        return answers
    }

    static func unwrap<Value>(_ found: Value?, _ what: String) throws -> Value {
        guard let found else { throw Violation(description: "\(what): nothing found") }
        return found
    }

    static func expectFailure<R>(
        _ code: BusError.Code, _ what: String, _ body: () async throws -> R
    ) async throws {
        do {
            _ = try await body()
        } catch let error as BusError {
            return try expect(error.code, code, what)
        }
        throw Violation(description: "\(what): expected \(code.rawValue), but it succeeded")
    }

    /// The next messages of a sequence, as text.
    static func next(_ count: Int, of sequence: MessageSequence) async -> [String] {
        var found: [String] = []
        var iterator = sequence.makeAsyncIterator()
        while found.count < count, let message = await iterator.next() { found.append(text(message.payload)) }
        return found
    }

    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
    static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
}

/// Messages that a handler saw.
final class Seen: Sendable {
    private let texts = Mutex<[String]>([])
    func add(_ text: String) { texts.withLock { $0.append(text) } }
    var all: [String] { texts.withLock { $0 } }
}
