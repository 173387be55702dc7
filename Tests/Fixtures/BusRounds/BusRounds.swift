import Glibc
import NimmerBus
import NimmerBusNATS
import NimmerWave

/// Connects, subscribes, hears a message, reads a stream and closes, so many times, and says after each hundred rounds what it
/// holds: for the test that nothing is left behind. `bus-rounds nats://127.0.0.1:4222 1000`
@main enum BusRounds {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let rounds = Int(arguments[2]) else {
            print("usage: bus-rounds URL ROUNDS")
            exit(64)
        }
        for round in 1...rounds {
            try await once(arguments[1])
            if round % 100 == 0 {
                print("\(round) rounds: \(resident()) KiB, \(descriptors()) descriptors, \(threads()) threads")
            }
        }
    }

    private static func once(_ url: String) async throws {
        let bus = try await NATSBus.open(BusSettings(url: url, name: "rounds", waitsForServer: false))
        let subject = try Subject(foreign: "rounds.heard")
        let messages = try await bus.messages(SubjectPattern(subject))
        let stored = try Subject(foreign: "rounds.stored")
        try await bus.ensureStream(
            StreamConfiguration(name: "ROUNDS", subjects: [SubjectPattern(stored)], maximumMessages: 10))
        try await bus.publishDurably(stored, payload: [1], id: .v7())
        _ = try await bus.read(stream: "ROUNDS")
        try bus.publish(subject, payload: [1], headers: ["Header": "value"])
        for await _ in messages { break }
        await bus.close()
    }

    /// What the process holds in memory, in KiB.
    private static func resident() -> Int {
        let fields = text("/proc/self/statm").split(separator: " ")
        return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * Int(getpagesize()) / 1024
    }

    private static func descriptors() -> Int { entries("/proc/self/fd") }
    private static func threads() -> Int { entries("/proc/self/task") }

    private static func entries(_ folder: String) -> Int {
        guard let list = opendir(folder) else { return -1 }
        defer { closedir(list) }
        var count = 0
        while readdir(list) != nil { count += 1 }
        return count
    }

    private static func text(_ path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 256)
        return String(decoding: bytes[..<fread(&bytes, 1, bytes.count, file)], as: UTF8.self)
    }
}
