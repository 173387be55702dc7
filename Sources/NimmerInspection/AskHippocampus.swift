import NimmerBus
import NimmerOutput
import NimmerWave

extension Bus {
    /// Asks the hippocampus what is remembered by meaning.
    ///
    /// - Returns: what it answered.
    /// - Throws: ``Failure`` with a remedy when it does not live, remembers nothing by meaning, or has no model or store that answers.
    package func askHippocampus(
        _ environment: Environment, _ command: String, _ payload: JSON, seconds: Double
    ) async throws -> JSON {
        let name = try Token("hippocampus")
        let result = try await ask(
            .request(environment, cell: name), of: .init("service", name), command, payload, seconds: seconds)
        guard result.status == .ok else {
            let reason = result.error ?? "the hippocampus failed without a reason"
            let remedy: TerminalText =
                result.status == .refused
                ? "docs/reference/iris.md shows the section iris of a system file"
                : "`nimmer status` shows the model and the store of the hippocampus"
            throw Failure(result.status == .refused ? .failed : .unavailable, reason, remedy: remedy)
        }
        return result.result.resolved
    }
}
