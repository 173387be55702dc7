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

    private let start = ContinuousClock.Instant.now
    private func at(_ seconds: Int) -> ContinuousClock.Instant { start.advanced(by: .seconds(seconds)) }

    private func watch(_ file: File) throws -> CredentialsWatch {
        try #require(CredentialsWatch(.file("x"), at: start) { _ in file.mark })
    }

    @Test func onlyAFileIsWatched() {
        #expect(CredentialsWatch(.none) == nil)
        #expect(CredentialsWatch(.password(user: "a", password: "b")) == nil)
    }

    @Test func anotherFileIsNoticedOnceASecond() throws {
        let file = File()
        var watch = try watch(file)
        #expect(!watch.hasChanged(at: at(1)))
        file.becomes(2)
        #expect(!watch.hasChanged(at: at(1)), "it was looked at just now")
        #expect(watch.nextLook == at(2))
        #expect(watch.hasChanged(at: at(2)))
        watch.isRead(at: at(2))
        #expect(!watch.hasChanged(at: at(3)))
    }

    @Test func aFileThatIsGoneIsNoneToMoveTo() throws {
        let file = File()
        var watch = try watch(file)
        file.becomes(nil)
        #expect(!watch.hasChanged(at: at(1)))
        file.becomes(1)
        #expect(!watch.hasChanged(at: at(2)))
    }

    @Test func whatTheServerRefusesIsTriedMoreAndMoreRarely() throws {
        let file = File()
        var watch = try watch(file)
        file.becomes(2)
        #expect(watch.hasChanged(at: at(1)))
        watch.wasRefused(at: at(1))
        #expect(!watch.hasChanged(at: at(2)))
        #expect(watch.hasChanged(at: at(3)))
        watch.wasRefused(at: at(3))
        #expect(watch.nextLook == at(7))
        for _ in 0..<10 { watch.wasRefused(at: at(7)) }
        #expect(watch.nextLook == at(67))
        // Another file begins anew.
        file.becomes(3)
        watch.wasRefused(at: at(67))
        #expect(watch.nextLook == at(69))
    }
}
