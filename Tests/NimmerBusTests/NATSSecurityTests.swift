import NimmerBus
import NimmerBusNATS
import NimmerPlatform
import NimmerServers
import NimmerWave
import Testing

@Suite("The bus over NATS with TLS and keys")
struct NATSSecurityTests {
    /// An authority, a server's certificate for `localhost` and a client's, made by openssl in a folder of the test.
    private struct Certificates {
        let folder: String

        init() async throws {
            folder = try TestServer.temporaryFolder()
            let script = """
                set -e
                cd '\(folder)'
                make() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$2" -keyout $1.key "${@:3}"; }
                make ca nimmer-test-authority -x509 -days 2 -out ca.pem
                make stranger stranger -x509 -days 2 -out stranger.pem
                for name in server client; do
                    make $name localhost -out $name.csr
                    printf 'subjectAltName=DNS:localhost\\nextendedKeyUsage=serverAuth,clientAuth' > $name.ext
                    openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile $name.ext -out $name.pem
                done
                """
            let answer = try await ChildProcess.run(ChildCommand("bash", ["-c", script]))
            try #require(answer.status.isSuccess, "openssl: \(answer.lines.map(\.text))")
        }

        func path(_ name: String) -> String { "\(folder)/\(name)" }
    }

    private func open(_ settings: BusSettings) async -> BusError? {
        do {
            let bus = try await NATSBus.open(settings)
            do { try await bus.flush(timeout: .seconds(60)) } catch {
                await bus.close()
                return error
            }
            await bus.close()
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: await Servers.installed())
    func bothSidesShowTheirCertificates(_ binary: NATSBinary) async throws {
        let files = try await Certificates()
        let server = try await TestServer.start(
            binary,
            extra: """
                tls { cert_file: "\(files.path("server.pem"))", key_file: "\(files.path("server.key"))",
                      ca_file: "\(files.path("ca.pem"))", verify: true }
                """)
        var settings = BusSettings(
            url: "tls://localhost:\(server.server.port)", name: "tls", tlsCA: files.path("ca.pem"),
            tlsCertificate: files.path("client.pem"), tlsKey: files.path("client.key"), waitsForServer: false)
        #expect(await open(settings) == nil)

        var unnamed = settings
        unnamed.tlsServerName = "elsewhere.example"
        #expect(await open(unnamed)?.code == .tls)
        unnamed.tlsServerName = "localhost"
        unnamed.url = "tls://127.0.0.1:\(server.server.port)"
        #expect(await open(unnamed) == nil)

        var strange = settings
        strange.tlsCA = files.path("stranger.pem")
        #expect(await open(strange)?.code == .tls)
        strange.tlsCA = files.path("none.pem")
        #expect(await open(strange)?.code == .tls)

        settings.tlsKey = nil
        #expect(await open(settings)?.code == .tls)
        settings.tlsCertificate = nil
        #expect(await open(settings) != nil, "no client certificate")
        settings.tlsCA = nil
        #expect(await open(settings)?.code == .tls, "an authority that the system does not know")
        settings.url = "nats://localhost:\(server.server.port)"
        #expect(await open(settings)?.code == .tls, "no TLS at all")
        await server.stop()
        await TestServer.remove(files.folder)
    }

    @Test(arguments: await Servers.installed())
    func anNkeySignsIn(_ binary: NATSBinary) async throws {
        // The example pair of the NATS documentation; opens nothing else.
        let key = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4"
        let seed = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"
        let folder = try TestServer.temporaryFolder()
        let server = try await TestServer.start(binary, extra: "authorization { users: [{ nkey: \(key) }] }")
        var settings = BusSettings(url: server.url, name: "nkey", waitsForServer: false)
        let path = "\(folder)/user.nk"
        try TestServer.write("\(seed)\n\(key)\n", to: path)
        settings.credentials = .file(path)
        #expect(await open(settings) == nil)
        try TestServer.write("\(seed)\n", to: path)
        let error = await open(settings)
        #expect(error?.code == .badCredentials)
        #expect(error.map { "\($0)".contains(seed) } == false)
        settings.credentials = .file("\(folder)/none.nk")
        #expect(await open(settings)?.code == .badCredentials)
        await server.stop()
        await TestServer.remove(folder)
    }
}
