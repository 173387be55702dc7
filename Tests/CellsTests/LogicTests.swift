import NimmerPlatform
import Testing

@Suite("the logic of cells and nerves")
struct LogicTests {
    /// What only the machine beside it may do: see `Machine/`.
    private static let calls = [
        "open(", "openat(", "fopen(", "opendir(", "read(STD", "stat(", "statvfs(", "posix_spawn", "fork(", "kill(",
        "waitpid(",
        "pthread_", "socket(", "getenv(", "system(", "usleep(",
    ]

    @Test("it touches nothing of the machine")
    func pure() throws {
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        var files = 0
        for kind in ["cells", "nerves"] {
            for name in SmallFile.names(in: "\(root)/\(kind)") {
                let folder = "\(root)/\(kind)/\(name)/v1/Logic"
                for file in SmallFile.names(in: folder) {
                    files += 1
                    let text = try #require(SmallFile.read("\(folder)/\(file)"))
                    let lines = text.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }
                    for line in lines {
                        #expect(line != "import NimmerPlatform", "\(kind)/\(name): \(file)")
                        for call in Self.calls where line.contains(" \(call)") || line.contains("(\(call)") {
                            Issue.record("\(kind)/\(name)/v1/Logic/\(file) touches the machine: \(line)")
                        }
                    }
                }
            }
        }
        #expect(files > 20)
    }
}
