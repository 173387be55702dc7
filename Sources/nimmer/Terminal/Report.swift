import ArgumentParser
import NimmerOutput
import NimmerProcess
import NimmerWave

#if canImport(Glibc)
    import Glibc
#endif

/// Result of a command.
enum Report {
    /// Prints an error and returns its exit status.
    static func ending(with error: any Error) -> Int32 {
        switch error {
        case let gone as ReaderGone:
            let reason = gone.isReader ? "its reader has gone" : String(cString: strerror(gone.code))
            Console.error("nimmer: cannot write all of standard output: \(reason)")
            return EX_IOERR
        case let failure as Failure:
            Console.error(failure.printed)
            return failure.status.rawValue
        case let code as ExitCode:
            return code.rawValue
        default:
            return parserEnding(error)
        }
    }

    /// Help, version and completion scripts are not errors; a misuse of the arguments is one line and the usage.
    private static func parserEnding(_ error: any Error) -> Int32 {
        let code = Nimmer.exitCode(for: error)
        if code == .success {
            try? Console.line(.lines(Nimmer.fullMessage(for: error)))
            return 0
        }
        if code == .validationFailure {
            let full = Nimmer.fullMessage(for: visibly(error))
            let plain = full.hasPrefix("Error: ") ? String(full.dropFirst("Error: ".count)) : full
            Console.error("nimmer: \(TerminalText.lines(plain))")
            return Failure.Status.usage.rawValue
        }
        Console.error("nimmer: \(error)")
        return Failure.Status.software.rawValue
    }

    /// Returns the parser's error about the same arguments with invisible characters written out: its message quotes them, among line
    /// ends of its own.
    private static func visibly(_ error: any Error) -> any Error {
        let arguments = Array(ProcessArguments.all.dropFirst())
        let visible = arguments.map { $0.visible() }
        guard visible != arguments else { return error }
        do {
            _ = try Nimmer.parseAsRoot(visible)
            return error
        } catch { return error }
    }
}
