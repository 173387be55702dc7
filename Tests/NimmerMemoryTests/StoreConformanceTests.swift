import NimmerMemory
import NimmerTesting
import Testing

@testable import NimmerMemoryPostgres

@Suite("Stores keep the contract")
struct StoreConformanceTests {
    @Test("in memory", arguments: StoreConformance.checks)
    func inMemory(_ check: StoreConformance.Check) async throws {
        try await check.run(InMemoryStore())
    }

    @Test(
        "in PostgreSQL",
        .enabled(if: TestDatabase.isInstalled, "PostgreSQL is not installed: apt-get install postgresql"),
        arguments: StoreConformance.checks)
    func inPostgres(_ check: StoreConformance.Check) async throws {
        try await check.run(PostgresStore(try await TestDatabase.shared.fresh()))
    }
}
