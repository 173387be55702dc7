import Glibc
import Testing

@testable import NimmerPlatform

/// A folder that exists during the body, with files only.
func withFolder(_ body: (String) async throws -> Void) async throws {
    var template = Array("/tmp/nimmer-platform-XXXXXX".utf8CString)
    let path = String(cString: try #require(mkdtemp(&template)))
    defer {
        for name in SmallFile.names(in: path) { unlink("\(path)/\(name)") }
        rmdir(path)
    }
    try await body(path)
}
