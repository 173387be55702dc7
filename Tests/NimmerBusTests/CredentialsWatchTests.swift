import NimmerBus
import Synchronization
import Testing

@testable import NimmerBusNATS

@Suite("When a credentials file is read again")
struct CredentialsWatchTests {
    private final class File: Sendable {
        let number = Mutex<UInt64?>(1)
        var mark: CredentialsWatch.Mark? { number.withLock { $0 }.map { .init(number: $0) } }
        func becomes(_ number: UInt64?) { self.number.withLock { $0 = number } }
    }

    private static let start = ContinuousClock.Instant.now

    private static func at(_ seconds: Int) -> ContinuousClock.Instant { start.advanced(by: .seconds(seconds)) }

    private func watch(_ file: File) throws -> CredentialsWatch {
        try #require(CredentialsWatch(BusSettings.Credentials.file("x"), at: Self.start) { _ in file.mark })
    }

    /// The moments, of those that are given, at which another file was seen.
    private func changes(_ watch: inout CredentialsWatch, at seconds: Int...) -> [Int] {
        var seen: [Int] = []
        for second in seconds where watch.hasChanged(at: Self.at(second)) { seen.append(second) }
        return seen
    }

    @Test func onlyAFileIsWatched() {
        let others: [BusSettings.Credentials] = [.none, .password(user: "a", password: "b"), .token("t")]
        #expect(others.allSatisfy { CredentialsWatch($0) == nil })
    }

    @Test func anotherFileIsNoticedOnceASecond() throws {
        let file = File()
        var watch = try watch(file)
        #expect(changes(&watch, at: 1) == [])
        file.becomes(2)
        #expect(changes(&watch, at: 1, 2) == [2], "it is looked at once a second")
        watch.isRead(at: Self.at(2))
        #expect(changes(&watch, at: 3, 4) == [])
    }

    @Test func aFileThatIsGoneIsNoneToMoveTo() throws {
        let file = File()
        var watch = try watch(file)
        file.becomes(nil)
        #expect(changes(&watch, at: 1) == [])
        file.becomes(1)
        #expect(changes(&watch, at: 2) == [])
    }

    @Test func whatTheServerRefusesIsTriedMoreAndMoreRarely() throws {
        let file = File()
        var watch = try watch(file)
        file.becomes(2)
        #expect(changes(&watch, at: 1) == [1])
        watch.wasRefused(at: Self.at(1))
        #expect(changes(&watch, at: 2, 3) == [3])
        watch.wasRefused(at: Self.at(3))
        #expect(watch.nextLook == Self.at(7))
        for _ in 0..<10 { watch.wasRefused(at: Self.at(7)) }
        #expect(watch.nextLook == Self.at(67))
        // The pause begins from the start with another file.
        file.becomes(3)
        watch.wasRefused(at: Self.at(67))
        #expect(watch.nextLook == Self.at(69))
    }
}
