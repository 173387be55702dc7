import NimmerIdentity
import NimmerOutput
import NimmerServers
import NimmerSystem
import NimmerWave

/// Identities that may connect to the private nats-server of a `nimmer up`: each part of its system by a key of its own, the owner of the folder,
/// and devices.
package struct SystemIdentities: Sendable {
    package let folder: IdentityFolder
    /// Indicates whether the system has subjects of devices.
    package let hasDevices: Bool
    /// The listener for MQTT, where the system file names it.
    package let mqtt: MQTTSettings?
    /// Indicates whether the server speaks MQTT: for the subjects of devices, or because the system file names its listener.
    package var speaksMQTT: Bool { hasDevices || mqtt != nil }

    /// Writes the keys that are missing and what the server includes.
    ///
    /// - Throws: ``Failure`` when the system file asks for rights that nothing may have, or a file cannot be written.
    package init(_ place: RunFolder, _ system: SystemFile) async throws(Failure) {
        folder = place.identities
        hasDevices = !DeviceSubjects(of: system).isEmpty
        mqtt = system.mqtt
        do {
            _ = try await folder.generate(system, place.environment, for: .local)
        } catch let error as SystemError {
            throw Failure(.usage, error.description)
        } catch {
            throw Failure(.unavailable, "\(error)")
        }
    }

    /// The credentials of the user that started this.
    package var ownerCredentials: String { folder.ownerCredentials }

    /// The line of the server's configuration; nats-server takes paths from the folder of the file that includes.
    package var inclusion: String { "include \"../auth/private.conf\"" }

    /// Environment of a child: the credentials of its own part and no other.
    package func variables(of name: String, inherited: [String: String]) -> [String: String] {
        var variables = inherited
        for suffix in ["USER", "PASSWORD", "TOKEN", "INBOX", "CA", "CERTIFICATE", "KEY"] {
            variables["NIMMERVERSE_NATS_" + suffix] = nil
        }
        variables["NATS_URL"] = nil
        variables["NIMMERVERSE_NATS_CREDENTIALS"] = folder.credentials(name)
        return variables
    }

    /// Two lines: that the server asks for credentials, and how other clients get them.
    package func lines(mqttPort: UInt16?, _ paint: Paint) -> [TerminalText] {
        var lines: [TerminalText] = [
            "               it requires credentials: commands in this folder find them; other clients: "
                + paint(.strong, "eval \"$(nimmer env --export)\"")
        ]
        guard let mqttPort else { return lines }
        let host = mqtt?.host ?? "127.0.0.1"
        let address = host.contains(":") ? "[\(host)]:\(mqttPort)" : "\(host):\(mqttPort)"
        if hasDevices {
            lines.append(
                "  mqtt         \(address)  user device, for the devices' subjects only; password in "
                    + "\(folder.devicePassword)")
        } else {
            lines.append("  mqtt         \(address)  no cell names a device's subject yet: no device may connect")
        }
        if mqtt?.isLoopback == false {
            lines.append(
                "               \(paint(.bad, "passwords and readings cross the network in plain text")): for a network "
                    + "that you trust only")
        }
        return lines
    }
}
