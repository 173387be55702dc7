import Logging
import NimmerBus
import NimmerProcess
import NimmerWave

extension CellHost {
    /// Hands an artifact over to those who store it (spec/artifacts.md, Handing over). Its waves do not wait for that.
    func hand(over bytes: [UInt8], _ type: MediaType) async {
        do throws(ArtifactError) {
            try await ArtifactHandover.put(
                bytes, type: type, from: identity.name, in: process.environment, on: process.bus)
        } catch {
            process.logger.warning(
                "An artifact was not stored", metadata: ["bytes": "\(bytes.count)", "reason": "\(error.message)"])
        }
    }
}
