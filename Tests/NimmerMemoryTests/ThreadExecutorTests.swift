import Testing

@testable import NimmerMemoryPostgres

/// The thread of an actor whose calls block.
@Suite struct ThreadExecutorTests {
    private actor Counter {
        private let executor = ThreadExecutor()
        private var count = 0
        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

        func next() -> Int {
            count += 1
            return count
        }
    }

    @Test("jobs run in order, also those that come after the thread had nothing to do", .timeLimit(.minutes(5)))
    func jobsRunAfterAPause() async throws {
        for _ in 0..<20 {
            let counter = Counter()
            for number in 1...5 {
                // Long enough for the thread to find its queue empty and wait.
                try await Task.sleep(for: .milliseconds(5))
                #expect(await counter.next() == number)
            }
        }
    }
}
