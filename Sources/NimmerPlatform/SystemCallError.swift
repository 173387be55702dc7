import Glibc

/// A call of the operating system that failed.
public struct SystemCallError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The attempted action, such as `cannot open /proc/stat`.
    public let attempt: String
    /// The `errno`.
    public let code: Int32

    /// A failure; the code is the `errno` of now unless given.
    public init(_ attempt: String, code: Int32 = errno) {
        self.attempt = attempt
        self.code = code
    }

    /// The text of the code, such as `No such file or directory`.
    public var reason: String { errorText(code) }

    public var description: String { "\(attempt): \(reason)" }
}

/// The text of an `errno`.
package func errorText(_ number: Int32) -> String {
    String(cString: strerror(number))
}
