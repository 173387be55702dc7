import NimmerBus
import NimmerWave

/// Findings of the doctor about the system's streams.
package enum StreamFindings {
    /// The streams without a bound, such as an earlier version made them and a server without room left them: one sender fills the
    /// whole store there. Those that this user may not look at are left out.
    package static func unbounded(on bus: any Bus, _ environment: Environment) async -> [Finding] {
        var findings: [Finding] = []
        for wanted in (try? SystemStreams.all(environment)) ?? [] {
            guard let bound = wanted.maximumBytes, let stream = try? await bus.stream(wanted.name),
                stream.maximumBytes == nil
            else { continue }
            findings.append(
                .lacking(
                    "streams", "\(wanted.name) has no max_bytes: one sender may fill the server's store",
                    "nats stream edit \(wanted.name) --max-bytes \(bound)"))
        }
        return findings
    }
}
