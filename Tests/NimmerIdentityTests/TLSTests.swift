import NimmerBus
import NimmerPlatform
import NimmerServers
import Testing

@testable import NimmerBusNATS

/// What is wrong with a certificate is said in words, by real handshakes with real servers.
@Suite("Certificates", .serialized, .timeLimit(.minutes(5)))
struct TLSTests {
    /// A server with a certificate for these names, signed by an authority of its own; and that authority's certificate.
    private func with(
        _ binary: NATSBinary, names: [String] = ["localhost", "127.0.0.1"], days: Int = 2, extra: String = "",
        selfSigned: Bool = false, _ body: (NATSServer, DevelopmentCertificates) async throws -> Void
    ) async throws {
        let folder = try Ground.temporaryFolder()
        defer { SmallFile.remove(folder) }
        let files = try await DevelopmentCertificates.make(in: folder + "/tls", names: names, days: days)
        if selfSigned {
            _ = try await OpenSSL.run(
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", files.key, "-out",
                    files.certificate,
                ])
        }
        var options = NATSServerOptions(folder: folder + "/nats", binary: binary.path)
        options.extraConfiguration = """
            tls { cert_file: "\(files.certificate)", key_file: "\(files.key)", ca_file: "\(files.authority)" \(extra) }
            """
        let server = try await NATSServer.start(options)
        do { try await body(server, files) } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    private func refusal(_ server: NATSServer, _ files: DevelopmentCertificates?, host: String = "localhost") async
        -> String
    {
        let settings = BusSettings(
            url: "tls://\(host):\(server.port)", name: "tls", tlsCA: files?.authority, waitsForServer: false)
        do {
            let bus = try await NATSBus.open(settings)
            do { try await bus.flush(timeout: .seconds(60)) } catch {
                await bus.close()
                return "\(error.code): \(error.message)"
            }
            await bus.close()
            return "connected"
        } catch { return "\(error.code): \(error.message)" }
    }

    @Test(arguments: await Servers.installed())
    func aGoodOneIsTaken(_ binary: NATSBinary) async throws {
        try await with(binary) { server, files in
            #expect(await refusal(server, files) == "connected")
            #expect(await refusal(server, files, host: "127.0.0.1") == "connected")
            let unknown = await refusal(server, nil)
            #expect(unknown.contains("tls: ") && unknown.contains("NIMMERVERSE_NATS_CA"), "\(unknown)")
        }
    }

    @Test(arguments: await Servers.installed())
    func anExpiredOneIsRefusedAndSaidToBe(_ binary: NATSBinary) async throws {
        try await with(binary, days: -1) { server, files in
            let words = await refusal(server, files)
            #expect(words.contains("tls: ") && words.contains("has expired"), "\(words)")
        }
    }

    @Test(arguments: await Servers.installed())
    func aSelfSignedOneIsRefusedAndSaidToBe(_ binary: NATSBinary) async throws {
        try await with(binary, selfSigned: true) { server, files in
            let words = await refusal(server, files)
            #expect(words.contains("tls: ") && words.contains("self-signed"), "\(words)")
        }
    }

    @Test(arguments: await Servers.installed())
    func oneForAnotherNameIsRefusedAndSaidToBe(_ binary: NATSBinary) async throws {
        try await with(binary, names: ["elsewhere.example"]) { server, files in
            let words = await refusal(server, files)
            #expect(words.contains("tls: ") && words.contains("another name than 'localhost'"), "\(words)")
        }
    }

    @Test(arguments: await Servers.installed())
    func aClientWithoutOneIsToldThatTheServerWantsOne(_ binary: NATSBinary) async throws {
        try await with(binary, extra: ", verify: true") { server, files in
            let words = await refusal(server, files)
            #expect(words != "connected" && words.contains("certificate"), "\(words)")
        }
    }

    @Test func aNameThatIsNoneIsRefused() async throws {
        let folder = try Ground.temporaryFolder()
        defer { SmallFile.remove(folder) }
        for names in [["a b"], ["x\ny"], [""], []] {
            await #expect(throws: ServerError.self) {
                try await DevelopmentCertificates.make(in: folder, names: names)
            }
        }
    }
}
