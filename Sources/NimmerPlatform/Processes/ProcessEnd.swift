#if canImport(Glibc)
    import Glibc
#endif

/// The end of a process that has threads of libraries.
public enum ProcessEnd {
    /// Ends the process once what was printed has left.
    ///
    /// No handlers of libraries run, as they would by `exit`: those of nats.c, OpenSSL and others free what their own threads still
    /// use, which now and then aborted a process that had done everything.
    ///
    /// - Parameter status: exit status, 0 to 255.
    public static func exit(_ status: Int32) -> Never {
        fflush(nil)
        _exit(status)
    }
}
