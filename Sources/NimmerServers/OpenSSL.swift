import NimmerPlatform
/// The few things that the `openssl` program is asked for: keys, and certificates for development.
public enum OpenSSL {
    /// An Ed25519 key pair, made again.
    ///
    /// - Returns: the 32 bytes of the seed and of the public key.
    /// - Throws: a ``ServerError`` when there is no `openssl`, or it cannot make one.
    public static func makeKeyPair() async throws(ServerError) -> (seed: [UInt8], publicKey: [UInt8]) {
        let answer = try await run(["genpkey", "-algorithm", "ed25519", "-text"])
        let lines = answer.map { String($0.drop { $0 == " " }) }
        guard let seed = bytes(after: "priv:", lines), let key = bytes(after: "pub:", lines) else {
            throw ServerError(.openSSL, "openssl genpkey did not print an Ed25519 key pair")
        }
        return (seed, key)
    }

    /// Runs `openssl`; its output.
    ///
    /// - Throws: a ``ServerError`` when it is missing or fails, with its last lines (of which none holds a key).
    public static func run(_ arguments: [String]) async throws(ServerError) -> [String] {
        guard let program = Executables.find("openssl") else {
            throw ServerError(.missingExecutable, "there is no openssl: install it with 'sudo apt-get install openssl'")
        }
        let answer = try await ServerError.ofChild { () throws(ChildError) in
            try await ChildProcess.run(ChildCommand(program, arguments), limit: .seconds(60))
        }
        guard answer.status.isSuccess else {
            throw ServerError(
                .openSSL, "openssl \(arguments.first ?? "") ended with \(answer.status)",
                lastLines: answer.lines.suffix(3).map(\.text))
        }
        return answer.lines.map(\.text)
    }

    /// The 32 bytes that stand in hexadecimal on the lines after a heading.
    private static func bytes(after heading: String, _ lines: [String]) -> [UInt8]? {
        guard let start = lines.firstIndex(of: heading) else { return nil }
        var bytes: [UInt8] = []
        for line in lines[(start + 1)...] where bytes.count < 32 {
            for pair in line.split(separator: ":") {
                guard let byte = UInt8(pair, radix: 16) else { return nil }
                bytes.append(byte)
            }
        }
        return bytes.count == 32 ? bytes : nil
    }
}
