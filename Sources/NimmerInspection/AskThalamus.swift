import NimmerBus
import NimmerOutput
import NimmerWave

extension Bus {
    /// Asks the thalamus and gives its result.
    package func askThalamus(_ environment: Environment, _ command: String, _ payload: JSON) async throws -> JSON {
        let name = try Token("thalamus")
        let answer = try await ask(
            .request(environment, cell: name), of: .init("service", name), command, payload, seconds: 5)
        guard answer.status == .ok else {
            throw Failure(
                .failed, (answer.error ?? answer.result.text),
                remedy: "`nimmer gate list` shows the gates there are")
        }
        return answer.result
    }
}
