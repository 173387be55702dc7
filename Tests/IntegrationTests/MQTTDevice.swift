import Glibc

/// A device as simple as they come: MQTT 3.1.1 over a socket, without a library.
final class MQTTDevice {
    private let socket: Int32
    /// What the server answered to the request to connect: 0 accepted, 4 wrong user or password, 5 not authorized; nil: it hung up.
    private(set) var answer: UInt8?

    /// - Parameter will: what the server is to say in the device's name when it vanishes.
    init?(port: UInt16, name: String, user: String, password: String, will: (topic: String, text: String)? = nil) {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { return nil }
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let flags: UInt8 = 0b1100_0010 | (will == nil ? 0 : 0b100)
        var body = Self.text("MQTT") + [4, flags, 0, 60] + Self.text(name)
        if let will { body += Self.text(will.topic) + Self.text(will.text) }
        send(0x10, body + Self.text(user) + Self.text(password))
        let reply = packet()
        answer = reply?.kind == 0x20 ? reply?.body.last : nil
    }

    deinit { close(socket) }

    /// Says something, at least once; whether the server has it.
    func publish(_ topic: String, _ text: String) -> Bool {
        send(0x32, Self.text(topic) + [0, 1] + Array(text.utf8))
        return packet()?.kind == 0x40
    }

    /// Asks for a topic; whether the server lets it.
    func subscribe(_ topic: String) -> Bool {
        send(0x82, [0, 2] + Self.text(topic) + [1])
        guard let reply = packet(), reply.kind == 0x90 else { return false }
        return reply.body.last != 0x80
    }

    /// The next message to it, as topic and text.
    func hears() -> (topic: String, text: String)? {
        guard let reply = packet(), reply.kind & 0xF0 == 0x30, reply.body.count >= 2 else { return nil }
        let length = Int(reply.body[0]) << 8 | Int(reply.body[1])
        let rest = reply.body.dropFirst(2 + length + (reply.kind & 0b110 == 0 ? 0 : 2))
        return (
            String(decoding: reply.body[2..<2 + length], as: UTF8.self), String(decoding: rest, as: UTF8.self)
        )
    }

    /// Vanishes without a farewell, so that the server says its will.
    func vanish() { shutdown(socket, Int32(SHUT_RDWR)) }

    private static func text(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        return [UInt8(bytes.count >> 8), UInt8(bytes.count & 255)] + bytes
    }

    private func send(_ kind: UInt8, _ body: [UInt8]) {
        precondition(body.count < 128)
        let bytes = [kind, UInt8(body.count)] + body
        _ = Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    private func packet() -> (kind: UInt8, body: [UInt8])? {
        guard let head = read(2), head[1] < 128, let body = read(Int(head[1])) else { return nil }
        return (head[0], body)
    }

    private func read(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = bytes.withUnsafeMutableBytes { recv(socket, $0.baseAddress! + done, count - done, 0) }
            guard got > 0 else { return nil }
            done += got
        }
        return bytes
    }
}
