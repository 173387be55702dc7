import NimmerWave

/// The part of a nats-server's configuration that defines who may connect and what each may do.
///
/// Accounts with users and a system account, and no `authorization` block: on nats-server 2.9 one beside `accounts` that name
/// only `$SYS` would switch authentication off. Only public keys stand in it, so that it is not a secret.
public enum ServerConfiguration {
    /// The text, in nats-server's own language.
    ///
    /// - Parameters:
    ///   - grants: all identities that may connect.
    ///   - keys: the public key of each, by name; and of `system`, who may look at the server itself.
    ///   - former: keys that are accepted for a while beside the ones that replaced them.
    ///   - system: the system file's name, for the comment.
    public static func text(
        _ grants: [Grant], keys: [String: String], former: [FormerKey] = [], system: String, environment: Environment
    ) -> String {
        text(
            grants, keys: keys, former: former, system: system, environment: environment, local: nil,
            origin: generated, secrets: "Public keys only.")
    }

    static let generated = "`nimmer auth generate`"

    /// The text for a server of `nimmer up`, or for devices that speak MQTT, which also knows users with passwords; not for others to read.
    static func text(
        _ grants: [Grant], keys: [String: String], former: [FormerKey], system: String, environment: Environment,
        local: LocalUsers?, origin: String = "`nimmer up`", secrets: String = "It holds passwords."
    ) -> String {
        let account = environment.streamPrefix
        func accepted(_ name: String) -> [String] {
            [keys[name] ?? ""] + former.filter { $0.name == name }.map(\.publicKey)
        }
        let systemUsers = accepted("system").map { "{ nkey: \(quoted($0)) }" }.joined(separator: ", ")
        var text = """
            # Who may connect, and what each may publish and read: written by \(origin) from the system file of
            # '\(system)' for \(environment.rawValue). \(secrets) Changes here are lost; change the system file.
            system_account: "SYS"
            accounts {
              SYS { users: [ \(systemUsers) ] }
              \(account) {
                jetstream: enabled
                users: [

            """
        for grant in grants.sorted(by: { ($0.role.rawValue, $0.name) < ($1.role.rawValue, $1.name) }) {
            text += "      # \(grant.name) (\(grant.role.rawValue))\n" + user(grant, key: keys[grant.name] ?? "")
            for old in former where old.name == grant.name {
                text += "      # \(grant.name), its former key, until \(old.until.rfc3339)\n"
                text += user(grant, key: old.publicKey)
            }
        }
        if let local { text += local.text(ownerKeys: accepted(LocalUsers.owner)) }
        return text + "    ]\n  }\n}\n"
    }

    private static func user(_ grant: Grant, key: String) -> String {
        var text = "      { nkey: \(quoted(key)), permissions: {\n"
        if grant.publishDenied.isEmpty {
            text += list("publish", grant.publish, indent: 10)
        } else {
            text += "          publish: {\n" + list("allow", grant.publish, indent: 12)
            text += list("deny", grant.publishDenied, indent: 12) + "          }\n"
        }
        guard !grant.queueDenied.isEmpty else {
            return text + list("subscribe", grant.subscribe, indent: 10) + "      } }\n"
        }
        text += "          subscribe: {\n" + list("allow", grant.subscribe, indent: 12)
        // A subject with any queue group behind it.
        return text + list("deny", grant.queueDenied.map { "\($0) >" }, indent: 12) + "          }\n      } }\n"
    }

    static func list(_ key: String, _ subjects: [String], indent: Int) -> String {
        let space = String(repeating: " ", count: indent)
        return "\(space)\(key): [\n" + subjects.map { "\(space)  \(quoted($0))\n" }.joined() + "\(space)]\n"
    }

    /// A text as the server's language quotes it, so that nothing in it can end the text.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x22, 0x5c: quoted += "\\\(scalar)"
            case 0x00...0x1f, 0x7f: quoted += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
