import NimmerBus
import NimmerOutput
import NimmerWave

extension Bus {
    /// Asks the cognition bridge.
    ///
    /// - Returns: what it answered.
    /// - Throws: ``Failure`` when it does not live, refuses or fails.
    package func askBridge(
        _ environment: Environment, _ command: String, _ payload: JSON = [:], seconds: Double = 5
    ) async throws -> JSON {
        let name = try Token("cognition-bridge")
        let result = try await ask(
            .request(environment, cell: name), of: .init("service", name), command, payload, seconds: seconds)
        guard result.status == .ok else {
            throw Failure(.failed, (result.error ?? "the bridge failed without a reason"))
        }
        return result.result.resolved
    }
}
