import NimmerBus
import NimmerCell
import NimmerWave

/// What the doctor finds of the house's streams.
enum StreamFindings {
    /// The streams without a bound, such as an earlier version made them and a server without room left them: one sender fills the
    /// whole store there. Those that this user may not look at are left out.
    static func unbounded(on bus: any Bus, _ environment: Environment) async -> [Finding] {
        var findings: [Finding] = []
        let buckets = [HouseStreams.acts(environment), SuspectKeeper.bucket(environment)]
        let all =
            HouseStreams.bounds(environment)
            + buckets.compactMap { bucket in bucket.maximumBytes.map { ("KV_\(bucket.bucket)", $0) } }
        for (name, bound) in all {
            guard let stream = try? await bus.stream(name), stream.maximumBytes == nil else { continue }
            findings.append(
                .lacking(
                    "streams", "\(name) has no max_bytes: one sender may fill the server's store",
                    "nats stream edit \(name) --max-bytes \(bound)"))
        }
        return findings
    }
}
