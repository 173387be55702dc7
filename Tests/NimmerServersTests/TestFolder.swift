import Glibc
import NimmerPlatform
import Testing

@testable import NimmerServers

/// A folder that exists during the body.
func withFolder(_ body: (String) async throws -> Void) async throws {
    var template = Array("/tmp/nimmer-servers-XXXXXX".utf8CString)
    let path = String(cString: try #require(mkdtemp(&template)))
    defer { SmallFile.remove(path) }
    try await body(path)
}
