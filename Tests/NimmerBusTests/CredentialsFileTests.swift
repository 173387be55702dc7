import NimmerBus
import NimmerBusNATS
import NimmerServers
import NimmerWave
import Testing

/// Signing in with a credentials file as `nsc` writes it: a JWT of the user with the seed that proves it.
@Suite("The bus over NATS with a credentials file")
struct CredentialsFileTests {
    // An operator, an account and a user made for this test alone; nothing else knows them.
    private static let `operator` =
        "eyJ0eXAiOiJKV1QiLCJhbGciOiJlZDI1NTE5LW5rZXkifQ.eyJpYXQiOjE3MDAwMDAwMDAsImlzcyI6Ik9DQUxFNE5"
        + "VSVJESkpCQVRDSDRVQ1kyTVdBN0FSTEFUVkZNS1pWQlpZMkJISFVDUzNYVE41RVFEIiwibmFtZSI6InRlc3QiLCJzd"
        + "WIiOiJPQ0FMRTROVUlSREpKQkFUQ0g0VUNZMk1XQTdBUkxBVFZGTUtaVkJaWTJCSEhVQ1MzWFRONUVRRCIsIm5hdHM"
        + "iOnsidHlwZSI6Im9wZXJhdG9yIiwidmVyc2lvbiI6Mn0sImp0aSI6IjZRQTdEWTIzUVdZTENYMlNESVEyWlVZQllYW"
        + "TNSWUVURkVLNlNCNlhYVDJaRVlMSEFOSFEifQ.ZpT97YmCcvP1fjiQivwPl3js-"
        + "vhi22LkLWV14DWBjMCCyfwlGhzmmEKLroM8iLV1vTJ3ZITAr3s4wcM0cpDmAA"
    private static let account = "AAWFM5WRUPPEFU4ZGHLKGHNROSUMVU5AQMBU73XY3MLCYSNVDWSCEPK4"
    private static let accountToken =
        "eyJ0eXAiOiJKV1QiLCJhbGciOiJlZDI1NTE5LW5rZXkifQ.eyJpYXQiOjE3MDAwMDAwMDAsImlzcyI6Ik9DQUxFNE5"
        + "VSVJESkpCQVRDSDRVQ1kyTVdBN0FSTEFUVkZNS1pWQlpZMkJISFVDUzNYVE41RVFEIiwibmFtZSI6InRlc3QiLCJzd"
        + "WIiOiJBQVdGTTVXUlVQUEVGVTRaR0hMS0dITlJPU1VNVlU1QVFNQlU3M1hZM01MQ1lTTlZEV1NDRVBLNCIsIm5hdHM"
        + "iOnsidHlwZSI6ImFjY291bnQiLCJ2ZXJzaW9uIjoyLCJsaW1pdHMiOnsic3VicyI6LTEsImRhdGEiOi0xLCJwYXlsb"
        + "2FkIjotMSwiaW1wb3J0cyI6LTEsImV4cG9ydHMiOi0xLCJ3aWxkY2FyZHMiOnRydWUsImNvbm4iOi0xLCJsZWFmIjo"
        + "tMX0sImRlZmF1bHRfcGVybWlzc2lvbnMiOnsicHViIjp7fSwic3ViIjp7fX19LCJqdGkiOiJMTFE2NDZSTEVTTVM0T"
        + "E1WWURWVDNIS1RIUk82T09YNlMzNTdIVVo2SDRPWFgyQU1IU1ZRIn0.SVZl_zbO6EOOtDLJnX_Vbl2nWvF7MA-"
        + "eFhZoIDrur3POMN0DtxiqszsM3ekjDHCnn1xpXvEFXitUNRY2Tx7GBw"
    private static let userToken =
        "eyJ0eXAiOiJKV1QiLCJhbGciOiJlZDI1NTE5LW5rZXkifQ.eyJpYXQiOjE3MDAwMDAwMDAsImlzcyI6IkFBV0ZNNVd"
        + "SVVBQRUZVNFpHSExLR0hOUk9TVU1WVTVBUU1CVTczWFkzTUxDWVNOVkRXU0NFUEs0IiwibmFtZSI6InRlc3QiLCJzd"
        + "WIiOiJVQVZDSE5ZUFpDWElSWEVIUTdPQVdQQUdRSVhQRzZMQk9LRVlMWTVCV0o1TDJLSEwzWVE0M1NHSyIsIm5hdHM"
        + "iOnsidHlwZSI6InVzZXIiLCJ2ZXJzaW9uIjoyLCJwdWIiOnt9LCJzdWIiOnt9LCJzdWJzIjotMSwiZGF0YSI6LTEsI"
        + "nBheWxvYWQiOi0xfSwianRpIjoiS1lJRklQN1hXUElDNUZRUUFGUTNPSkdZUzRRVEs2U1ZVN1U3TldUS0NWUFJNNDZ"
        + "SQ1NYQSJ9.RghHeeb5RYwk3JnkbCgU38Uj0Ex_BSXaWJ3l_QY750IvUU9ZEnxVxx_zkVL1EhbNtOEBrMF8TIB_xgtv"
        + "6Pj2BQ"
    private static let seed = "SUAAWVFVHUSVSGOMCQ22UHFZSVPYGHBG3S3RDUL4ACYKHQUG3X5CPKDPOA"

    private func credentials(_ token: String, _ seed: String) -> String {
        """
        -----BEGIN NATS USER JWT-----
        \(token)
        ------END NATS USER JWT------

        ************************* IMPORTANT *************************
        NKEY Seed printed below can be used to sign and prove identity.

        -----BEGIN USER NKEY SEED-----
        \(seed)
        ------END USER NKEY SEED------
        """
    }

    @Test(arguments: await Servers.installed())
    func aFileOfNscSignsIn(_ binary: NATSBinary) async throws {
        let folder = try TestServer.temporaryFolder()
        let server = try await NATSServer.start(
            NATSServerOptions(
                folder: folder, binary: binary.path,
                extraConfiguration: """
                    operator: \(Self.operator)
                    resolver: MEMORY
                    resolver_preload: { \(Self.account): \(Self.accountToken) }
                    """, isJetStream: false))
        let path = folder + "/user.creds"
        var settings = BusSettings(url: server.url, name: "jwt", credentials: .file(path), waitsForServer: false)
        try TestServer.write(credentials(Self.userToken, Self.seed), to: path)
        let bus = try await NATSBus.open(settings)
        let heard = try await bus.messages(try SubjectPattern("a.b"))
        try bus.publish(try Subject(foreign: "a.b"), payload: [42])
        var iterator = heard.makeAsyncIterator()
        #expect(await iterator.next()?.payload == [42])
        await bus.close()

        // Somebody else's seed does not prove this user, and a file without a seed nobody.
        let strange = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"
        for (token, seed) in [(Self.userToken, strange), (Self.userToken, ""), ("", Self.seed)] {
            try TestServer.write(credentials(token, seed), to: path)
            let error = await #expect(throws: BusError.self) { try await NATSBus.open(settings) }
            #expect(error?.code == .badCredentials)
            #expect(error.map { "\($0)".contains(Self.seed) } == false)
        }
        settings.credentials = .none
        let error = await #expect(throws: BusError.self) { try await NATSBus.open(settings) }
        #expect(error?.code == .badCredentials)
        await server.stop()
        await TestServer.remove(folder)
    }
}
