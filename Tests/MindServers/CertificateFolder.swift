import Glibc
import NimmerPlatform
import Testing

/// A folder with `ca.pem`, a server's certificate for 127.0.0.1 by it, `stranger.pem`, which signed nothing, and `token`, whose first line is one.
public enum CertificateFolder {
    /// Runs a body with the folder, which is gone after it.
    ///
    /// - Parameter more: lines of bash that add files to it.
    public static func with(_ more: String = "", _ body: (String) async throws -> Void) async throws {
        var template = Array("/tmp/nimmer-http-tls-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        let script = """
            set -e
            cd '\(folder)'
            make() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" -keyout $1.key "${@:2}"; }
            make ca -x509 -days 2 -out ca.pem
            make stranger -x509 -days 2 -out stranger.pem
            make server -out server.csr
            printf 'subjectAltName=IP:127.0.0.1' > server.ext
            openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile server.ext -out server.pem
            printf 'sk-of-a-file\\nsecond line\\n' > token
            \(more)
            """
        let made = try await ChildProcess.run(ChildCommand("bash", ["-c", script]))
        try #require(made.status.isSuccess, "openssl: \(made.lines.map(\.text))")
        do { try await body(folder) } catch {
            _ = try await ChildProcess.run(ChildCommand("rm", ["-rf", folder]))
            throw error
        }
        _ = try await ChildProcess.run(ChildCommand("rm", ["-rf", folder]))
    }
}
