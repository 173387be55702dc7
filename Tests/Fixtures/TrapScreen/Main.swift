import Glibc
import NimmerTerminal

/// Takes its terminal over as a screen does, waits for a key, and traps in the way that its argument names: for the test that a
/// real trap gives the terminal back.
@main enum TrapScreen {
    static func main() throws {
        let terminal = try Terminal()
        try terminal.enter()
        // As a screen that was suspended and came back.
        terminal.leave()
        try terminal.enter()
        try terminal.write(Array("drawn".utf8))
        var byte: UInt8 = 0
        _ = read(STDIN_FILENO, &byte, 1)
        let nothing = Int(byte) - Int(byte)
        switch CommandLine.arguments.dropFirst().first {
        case "index": print([1, 2, 3][nothing + 3])
        case "nil": print([Int]().first!)
        case "overflow": print(Int.max - nothing + 1 + Int(byte))
        case "precondition": precondition(nothing == 1, "a promise was broken")
        case "depth": print(depth(nothing))
        default: terminal.leave()
        }
    }

    /// Goes deeper until the stack is over.
    private static func depth(_ level: Int) -> Int {
        level < 0 ? 0 : depth(level + 1) + level
    }
}
