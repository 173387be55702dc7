import NimmerSystem
import NimmerWave

/// Users of a server beside the parts of its system, by name and password: of `nimmer up` the owner of the folder, and devices that speak
/// MQTT.
struct LocalUsers: Sendable, Hashable {
    /// Does everything within the account, as the user that started the server may.
    static let owner = "owner"
    /// Publishes and subscribes to what the system file's settings name as subjects of devices, and nothing else.
    static let device = "device"

    /// Nil at a server that others run, which has no owner.
    var ownerPassword: String?
    /// Nil where the system has no subjects of devices.
    var devicePassword: String?
    var devices: DeviceSubjects

    /// The entries of the account's list of users, in nats-server's language.
    ///
    /// - Parameter ownerKeys: the public keys of the owner, who may connect by any of them or by the password.
    func text(ownerKeys: [String]) -> String {
        let quoted = ServerConfiguration.quoted
        var text = ""
        if let ownerPassword {
            text += "      # owner: everything in this account\n"
            for key in ownerKeys { text += "      { nkey: \(quoted(key)) }\n" }
            text += "      { user: \(quoted(Self.owner)), password: \(quoted(ownerPassword)) }\n"
        }
        if let devicePassword {
            text += "      # device: what the system file names as subjects of devices\n"
            text += "      { user: \(quoted(Self.device)), password: \(quoted(devicePassword)),"
            // The password is written into devices: it opens their door and no other.
            text += " allowed_connection_types: [\"MQTT\"], permissions: {\n"
            text += ServerConfiguration.list("publish", devices.published, indent: 10)
            // An MQTT subscription of quality 1 or 2 is a subscription of the server's own under this name. One to `a/#` is two: to what
            // is below the level, and to the level itself.
            let levels = devices.received.filter { $0.hasSuffix(".>") }.map { String($0.dropLast(2)) }
            text += ServerConfiguration.list(
                "subscribe", (devices.received + levels).uniqued + ["$MQTT.sub.>", "$MQTT.deliver.pubrel.>"], indent: 10
            )
            text += "      } }\n"
        }
        return text
    }
}

/// The subjects of devices that a system file names.
public struct DeviceSubjects: Sendable, Hashable {
    /// The subjects that devices publish and cells hear (`subject`, `subjects.subscribe`).
    public var published: [String] = []
    /// The subjects that cells publish and devices hear (`publish`, `subjects.publish`).
    public var received: [String] = []

    /// Settings of a cell that name the subjects of devices that it hears.
    static let heardKeys: Set<String> = ["subject", "subjects"]

    /// Indicates whether there are none.
    public var isEmpty: Bool { published.isEmpty && received.isEmpty }

    /// Those of a system; they have been checked where its grants were made.
    public init(of system: SystemFile) {
        for organism in system.cells + system.nerves {
            for entry in organism.settings where Self.heardKeys.contains(entry.key) {
                published += entry.value.texts
            }
            for entry in organism.settings where entry.key == "publish" { received += entry.value.texts }
            // A recording that is played (nimmer up --play) is no device.
            published += organism.subscribes.filter { !Self.isRecording($0, of: organism) }
            received += organism.publishes
        }
        // By subject, whether the file has that or the topic.
        published = published.compactMap { try? MQTTTopic.subject(of: $0) }.uniqued
        received = received.compactMap { try? MQTTTopic.subject(of: $0) }.uniqued
    }

    private static func isRecording(_ subject: String, of organism: Organism) -> Bool {
        guard let name = try? Token(organism.name) else { return false }
        return Environment.allCases.contains { Subject.play($0, cell: name).text == subject }
    }
}
