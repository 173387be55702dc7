import Glibc
import NimmerOutput
import NimmerWave
import Testing

@testable import NimmerSupervisor

@Suite struct PlaceTests {
    @Test func aPlaceIsFoundFromBelow() throws {
        let root = "/tmp/nimmer-place-\(getpid())"
        try FileText.makeFolder("\(root)/.nimmer/dev")
        try FileText.makeFolder("\(root)/a/b")
        #expect(RunFolder.nearest(.dev, from: "\(root)/a/b")?.path == "\(root)/.nimmer/dev")
        #expect(RunFolder.nearest(.staging, from: "\(root)/a/b")?.path.hasPrefix(root) != true)
        for folder in ["/.nimmer/dev", "/.nimmer", "/a/b", "/a", ""] { rmdir(root + folder) }
    }
}
