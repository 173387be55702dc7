import NimmerOutput
import NimmerPlatform
import NimmerWave

/// A file that keeps sessions over a restart, and the port at which browsers know the server: an open page comes back by itself
/// (docs/reference/web.md, Security). It holds digests, so that who reads it gets in nowhere.
package struct SessionFile: Sendable {
    private let path: String
    /// The port of the former start; nil without one.
    package let port: UInt16?
    private let sessions: JSON

    /// Bytes of the file at most: of 256 sessions less than half of it.
    private static let limit = 128 << 10

    /// Reads a file; one that is not there, or holds anything else, keeps nothing.
    package init(_ path: String) {
        self.path = path
        let json = (try? SmallFile.bytes(path, limit: Self.limit)).flatMap { try? JSON(parsing: $0) }
        port = json?["port"]?.int.flatMap { UInt16(exactly: $0) }
        sessions = json?["sessions"] ?? .array([])
    }

    /// Takes its sessions into a server at the port where browsers have their cookies.
    func restore(into access: inout PageAccess, listening: ListenAddress, at now: SteadyTime, _ wall: Timestamp) {
        guard listening.port == port else { return }
        access.sessions.restore(sessions, roles: access.roles, at: now, wall)
    }

    /// Keeps the sessions of a server.
    ///
    /// - Throws: ``Failure`` where the file cannot be written.
    func keep(_ access: PageAccess, listening: ListenAddress, at now: SteadyTime, _ wall: Timestamp) throws(Failure) {
        let json: JSON = [
            "port": .number(Double(listening.port)), "sessions": access.sessions.kept(at: now, wall),
        ]
        try FileText.write(json.bytes, to: path, mode: 0o600)
    }
}
