import CNATS
import Glibc
import NimmerBus
import Synchronization

/// One connection to one server, from its opening to its end: it never reconnects by itself, because the loop does.
///
/// `@unchecked Sendable`: a `natsConnection` has a lock of its own; nats.h allows every call from any thread.
final class NATSConnection: @unchecked Sendable {
    let handle: OpaquePointer
    /// The address that was connected to, without credentials.
    let url: String
    /// The connection's socket, and its state in nats.c.
    let wake: LoopWakeUp
    /// Messages with headers that the library has taken over and that are not needed any more.
    private let spent = Mutex<(messages: [SpentMessage], bytes: Int)>(([], 0))

    private init(handle: OpaquePointer, url: String, wake: LoopWakeUp) {
        self.handle = handle
        self.url = url
        self.wake = wake
    }

    /// Closes and frees. The one that drops the last reference may wait for a short time, so the loop keeps one until the end.
    deinit {
        destroySpent(all: true)
        natsConnection_Destroy(handle)
    }

    /// Messages that may stay, and their payloads' bytes: each that goes wakes a thread of nats.c, which then takes a core.
    private static let kept = (messages: 256, bytes: 256 << 10)

    /// Destroys the messages that were published, once their bytes have left and there are many.
    func destroySpent(all: Bool = false) {
        let messages: [SpentMessage] = spent.withLock { spent in
            guard all || spent.messages.count > Self.kept.messages || spent.bytes > Self.kept.bytes else { return [] }
            defer { spent = ([], 0) }
            return spent.messages
        }
        for message in messages { natsMsg_Destroy(message.handle) }
    }

    /// `@unchecked Sendable`: nothing else refers to the message any more.
    private struct SpentMessage: @unchecked Sendable { let handle: OpaquePointer }

    /// Connects; blocks until it stands or failed (at most about 4 s). A credentials file is read at each attempt.
    ///
    /// - Parameter loop: what wakes the loop's thread.
    static func open(_ server: ServerURL, _ settings: BusSettings, _ loop: LoopWakeUp) -> Result<
        NATSConnection, BusError
    > {
        // One in 256 needs another nonce: eight in a row are as likely as a guessed key.
        for _ in 0..<8 {
            if let opened = attempt(server, settings, LoopWakeUp(of: loop)) { return opened }
        }
        return .failure(.connecting(server, NATS_CONNECTION_AUTH_FAILED, nil, settings))
    }

    /// One attempt; nil when it needs another nonce.
    private static func attempt(
        _ server: ServerURL, _ settings: BusSettings, _ wake: LoopWakeUp
    ) -> Result<NATSConnection, BusError>? {
        let options: Options
        do throws(BusError) { options = try Options(server, settings, wake) } catch { return .failure(error) }
        // For the error and closed callbacks: released by the closed callback, the last that nats.c posts for a connection,
        // or below when there will never be one.
        let forCallbacks = Unmanaged.passRetained(wake)
        natsOptions_SetErrorHandler(options.handle, onError, forCallbacks.toOpaque())
        natsOptions_SetClosedCB(options.handle, onClosed, forCallbacks.toOpaque())
        var handle: OpaquePointer?
        let status = withExtendedLifetime(options) { natsConnection_Connect(&handle, options.handle) }
        guard status == NATS_OK, let handle else {
            forCallbacks.release()
            guard options.signer?.needsAnotherNonce != true else { return nil }
            return .failure(.connecting(server, status, lastErrorText(), settings))
        }
        HeaderLimit.apply(to: handle, wake)
        return .success(NATSConnection(handle: handle, url: server.shown, wake: wake))
    }

    var isClosed: Bool { natsConnection_IsClosed(handle) }
    /// Number of bytes that wait to be written.
    var buffered: Int { Int(natsConnection_Buffered(handle)) }
    var maximumPayload: Int { Int(natsConnection_GetMaxPayload(handle)) }
    /// Reason why it ended, as the library's text.
    var lastError: String {
        var text: UnsafePointer<CChar>?
        guard natsConnection_GetLastError(handle, &text) != NATS_OK, let text else { return "" }
        return String(cString: text)
    }

    /// Beginning of the text of a fence, which its number follows.
    static let fence = "nimmer fence "

    /// Has a fence reported once every error that came before it has been; false where the library cannot.
    func postFence(_ number: UInt64) -> Bool { nimmer_post_error(handle, NATS_ILLEGAL_STATE, "\(Self.fence)\(number)") }

    /// Other members of the server's cluster, as it announced them.
    var discoveredServers: [String] {
        var list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        var count: Int32 = 0
        guard natsConnection_GetDiscoveredServers(handle, &list, &count) == NATS_OK, let list else { return [] }
        defer { free(list) }
        return (0..<Int(count)).compactMap { index in
            guard let text = list[index] else { return nil }
            defer { free(text) }
            return String(cString: text)
        }
    }

    /// Puts a message into the buffer. No allocation of ours without headers.
    func publish(_ subject: String, _ payload: UnsafeRawBufferPointer, _ headers: Headers, _ reply: String?)
        -> natsStatus
    {
        if !headers.isEmpty { return publish(withHeaders: headers, subject, payload, reply) }
        return subject.withCString { subject in
            guard let reply else {
                return natsConnection_Publish(handle, subject, payload.baseAddress, Int32(payload.count))
            }
            return reply.withCString {
                natsConnection_PublishRequest(handle, subject, $0, payload.baseAddress, Int32(payload.count))
            }
        }
    }

    private func publish(
        withHeaders headers: Headers, _ subject: String, _ payload: UnsafeRawBufferPointer, _ reply: String?
    ) -> natsStatus {
        var message: OpaquePointer?
        let bytes = payload.assumingMemoryBound(to: CChar.self).baseAddress
        var status = natsMsg_Create(&message, subject, reply, bytes, Int32(payload.count))
        guard let message else { return status }
        defer {
            spent.withLock { spent in
                spent.messages.append(SpentMessage(handle: message))
                spent.bytes += payload.count
            }
        }
        for field in headers.fields where status == NATS_OK {
            status = natsMsgHeader_Add(message, field.name, field.value)
        }
        return status == NATS_OK ? natsConnection_PublishMsg(handle, message) : status
    }
}

/// The options of one attempt to connect.
private final class Options {
    let handle: OpaquePointer
    /// Signer, when something has to be signed.
    private(set) var signer: Signer?

    init(_ server: ServerURL, _ settings: BusSettings, _ wake: LoopWakeUp) throws(BusError) {
        var made: OpaquePointer?
        guard natsOptions_Create(&made) == NATS_OK, let handle = made else {
            throw BusError(.invalid, "nats.c cannot make options", cause: lastErrorText() ?? "")
        }
        self.handle = handle
        try check(natsOptions_SetURL(handle, server.text), "the address '\(server.shown)'")
        try check(natsOptions_SetName(handle, settings.name), "the connection's name '\(settings.name)'")
        // The loop reconnects (forever, with jitter): the library gives up after 60 attempts, and after two refused
        // credentials.
        try check(natsOptions_SetAllowReconnect(handle, false), "no reconnection")
        try check(natsOptions_SetTimeout(handle, 2000), "the time to connect")
        try check(natsOptions_SetPingInterval(handle, 20_000), "the ping interval")
        try check(natsOptions_SetSendAsap(handle, true), "sending at once")
        try check(
            natsOptions_SetEventLoop(
                handle, Unmanaged.passUnretained(wake).toOpaque(), onAttach, onRead, onWrite, onDetach),
            "the event loop")
        try secure(server, settings)
        // A user or token in the address goes before that of the settings; a key signs beside either.
        if case .file = settings.credentials {
            try authenticate(settings.credentials)
            try authenticate(server.credentials)
        } else {
            try authenticate(server.credentials == .none ? settings.credentials : server.credentials)
        }
    }

    deinit { natsOptions_Destroy(handle) }

    private func secure(_ server: ServerURL, _ settings: BusSettings) throws(BusError) {
        guard server.isSecure || settings.tlsCA != nil || settings.tlsCertificate != nil else { return }
        try check(natsOptions_SetSecure(handle, true), "TLS")
        let authorities = settings.tlsCA ?? "/etc/ssl/certs/ca-certificates.crt"
        guard settings.tlsCA == nil || access(authorities, R_OK) == 0 else {
            throw BusError(.tls, "the authority's certificate '\(authorities)' cannot be read")
        }
        if access(authorities, R_OK) == 0 {
            try check(
                natsOptions_LoadCATrustedCertificates(handle, authorities), "the authority '\(authorities)'", .tls)
        }
        try check(natsOptions_SetExpectedHostname(handle, settings.tlsServerName ?? server.host), "the server's name")
        switch (settings.tlsCertificate, settings.tlsKey) {
        case (nil, nil): break
        case (let certificate?, let key?):
            try check(
                natsOptions_LoadCertificatesChain(handle, certificate, key),
                "the certificate '\(certificate)' with the key '\(key)'", .tls)
        default: throw BusError(.tls, "a client's certificate needs its key, and a key its certificate")
        }
    }

    private func authenticate(_ credentials: BusSettings.Credentials) throws(BusError) {
        switch credentials {
        case .none: break
        case .password(let user, let password):
            try check(natsOptions_SetUserInfo(handle, user, password), "the user '\(user)'", .badCredentials)
        case .token(let token): try check(natsOptions_SetToken(handle, token), "the token", .badCredentials)
        case .file(let path):
            let signer: Signer
            switch try CredentialsFile(path) {
            case .jwt(let token, let seed):
                signer = Signer(token: token, seed: seed)
                try check(
                    natsOptions_SetUserCredentialsCallbacks(
                        handle, Signer.onToken, signer.pointer, Signer.onSignature, signer.pointer),
                    "the credentials file '\(path)'", .badCredentials)
            case .nkey(let publicKey, let seed):
                signer = Signer(seed: seed)
                try check(
                    natsOptions_SetNKey(handle, publicKey, Signer.onSignature, signer.pointer), "the nkey",
                    .badCredentials)
            }
            self.signer = signer
        }
    }

    private func check(_ status: natsStatus, _ what: String, _ code: BusError.Code = .invalid) throws(BusError) {
        guard status != NATS_OK else { return }
        throw BusError(code, "\(what) cannot be used", cause: lastErrorText() ?? words(status))
    }
}

/// Returns the library's text about the last failure on this thread; nil if absent.
func lastErrorText() -> String? {
    var status = NATS_OK
    guard let text = nats_GetLastError(&status), status != NATS_OK else { return nil }
    let words = String(cString: text)
    return words.isEmpty ? nil : words
}

/// Describes a status.
func words(_ status: natsStatus) -> String { natsStatus_GetText(status).map { String(cString: $0) } ?? "an error" }

private func wake(_ pointer: UnsafeMutableRawPointer?) -> LoopWakeUp? {
    pointer.map { Unmanaged<LoopWakeUp>.fromOpaque($0).takeUnretainedValue() }
}

private func onAttach(
    data: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, loop: UnsafeMutableRawPointer?, connection: OpaquePointer?,
    socket: natsSock
) -> natsStatus {
    guard let data, let wake = wake(loop) else { return NATS_INVALID_ARG }
    // Released in `onDetach`, which nats.c calls once for each attach.
    if data.pointee == nil { data.pointee = Unmanaged.passRetained(wake).toOpaque() }
    wake.attach(Int32(socket))
    return NATS_OK
}

private func onRead(data: UnsafeMutableRawPointer?, isWanted: Bool) -> natsStatus {
    wake(data)?.reading(isWanted)
    return NATS_OK
}

private func onWrite(data: UnsafeMutableRawPointer?, isWanted: Bool) -> natsStatus {
    wake(data)?.writing(isWanted)
    return NATS_OK
}

private func onDetach(data: UnsafeMutableRawPointer?) -> natsStatus {
    guard let data else { return NATS_OK }
    let wake = Unmanaged<LoopWakeUp>.fromOpaque(data).takeRetainedValue()
    wake.detach()
    return NATS_OK
}

private func onError(
    connection: OpaquePointer?, subscription: OpaquePointer?, status: natsStatus, closure: UnsafeMutableRawPointer?
) {
    // The text of the connection's last error may be that of a later one; this thread's is that of the error that is handed over.
    var handed = NATS_OK
    let text = nats_GetLastError(&handed)
    wake(closure)?.report(status, handed == status ? text.map { String(cString: $0) } ?? words(status) : words(status))
}

private func onClosed(connection: OpaquePointer?, closure: UnsafeMutableRawPointer?) {
    guard let closure else { return }
    Unmanaged<LoopWakeUp>.fromOpaque(closure).takeRetainedValue().raise()
}
