import Glibc
import NimmerBus
import NimmerServers
import Testing

@testable import NimmerBusNATS

/// Passwords that hold what separates the parts of an address, against real servers.
@Suite("A user and password in an address")
struct AddressPasswordTests {
    private static let users = [
        ("at", "p@s"), ("slash", "p/s"), ("colon", "p:s"), ("percent", "p%s"), ("question", "p?s"), ("hash", "p#s"),
        ("comma", "p,s"), ("space", "p s"), ("bracket", "p[s"), ("umlaut", "pä"), ("escape", "p%41s"),
    ]

    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain = (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte)
            if isPlain { return String(Character(Unicode.Scalar(byte))) }
            let digits = String(byte, radix: 16, uppercase: true)
            return "%" + (digits.count == 1 ? "0" : "") + digits
        }.joined()
    }

    private func opening(_ url: String) async -> BusError? {
        do throws(BusError) {
            let bus = try await NATSBus.open(BusSettings(url: url, name: "test", waitsForServer: false))
            await bus.close()
            return nil
        } catch { return error }
    }

    @Test(
        "percent-encoded, any password opens the connection; not encoded, it works or the advice is to encode it",
        arguments: await Servers.installed())
    func passwords(_ binary: NATSBinary) async throws {
        let users = Self.users.map { "{user: \($0.0), password: \"\($0.1)\"}" }.joined(separator: ", ")
        let server = try await TestServer.start(binary, extra: "authorization { users: [\(users)] }")
        let place = "127.0.0.1:\(server.server.port)"
        for (user, password) in Self.users {
            #expect(await opening("nats://\(user):\(Self.encoded(password))@\(place)") == nil, "\(password) encoded")
            guard let error = await opening("nats://\(user):\(password)@\(place)") else {
                #expect(!password.contains { "@/?#".contains($0) }, "\(password) as it is")
                continue
            }
            #expect(error.message.contains("percent-encode"), "\(password): \(error)")
            #expect(!error.message.contains("start"), "\(password): \(error)")
            #expect(!error.message.contains(password), "\(password): \(error)")
        }
        let wrong = await opening("nats://at:wrong@\(place)")
        #expect(wrong?.code == .badCredentials && wrong?.message.contains("percent-encode") == true)
        await server.stop()
    }

    @Test("what cannot be read is refused with the advice, and shows nothing of the password")
    func refused() {
        for text in [
            "nats://u:secret%zz@host:4222", "nats://u:secret%@host:4222", "nats://u:1,secret@host:4222",
            "nats://u:secret,x@host:4222", "nats://u:secret%ff@host", "nats://u:p@secret#w@host",
            "nats://u:secret#w@host",
            "nats://u:secret?w@host:4222", "nats://u:secret/w@host", "nats://secret@token@host",
            "tls://u@secret:w@host",
            "one:4222,nats://u:secret@w@host",
        ] {
            let error = #expect(throws: BusError.self) { try ServerURL.list(text) }
            #expect(
                error?.code == .invalid && error?.message.contains("percent-encode") == true,
                "\(text): \(error?.message ?? "")")
            #expect(error?.message.contains("secret") == false, "\(text): \(error?.message ?? "")")
        }
        let null = #expect(throws: BusError.self) { try ServerURL.list("nats://u:secret%00@host") }
        #expect(null?.message.contains("holds %00; a user, password or token holds no NUL") == true)
        #expect(null?.message.contains("secret") == false && null?.message.contains("hexadecimal") == false)
        #expect(throws: Never.self) { try ServerURL.list("nats://u:p@one:1,nats://u:p@two:2,three:3") }
    }
}
