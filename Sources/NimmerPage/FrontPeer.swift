import NimmerWave

#if canImport(Glibc)
    import Glibc
#endif

/// The address of a client, handed on as the name of the socket that the front connects with: only this user can make one in
/// the folder of the socket.
package enum FrontPeer {
    /// The path of that socket.
    ///
    /// - Parameters:
    ///   - address: the client's address, four or sixteen bytes.
    ///   - number: distinguishes connections of one client.
    ///   - socket: path of the socket that is connected to.
    package static func path(of address: [UInt8], number: Int32, beside socket: String) -> String {
        let folder = socket.lastIndex(of: "/").map { String(socket[...$0]) } ?? ""
        return "\(folder)\(text(address))-\(number)"
    }

    /// The client's address, of the path of its socket; nil where that names none.
    package static func address(ofPath path: String) -> String? {
        let name = path.lastIndex(of: "/").map { path[path.index(after: $0)...] } ?? path[...]
        guard let dash = name.lastIndex(of: "-"), IPAddress(String(name[..<dash])) != nil else { return nil }
        return String(name[..<dash])
    }

    /// An address as text; empty where it is not one.
    package static func text(_ address: [UInt8]) -> String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(address.count == 4 ? AF_INET : AF_INET6, address, &text, socklen_t(text.count)) != nil else {
            return ""
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
