import CCurl
import Glibc
import NimmerWave

/// One easy handle of libcurl, set up for one transfer. Belongs to the thread of ``CurlLoop``, which adds and removes it.
final class CurlHandle {
    let easy: UnsafeMutableRawPointer
    let transfer: Transfer
    /// Milliseconds that the transfer may take.
    private let limit: Int
    private var headers: UnsafeMutablePointer<curl_slist>?
    /// libcurl's details of a failure, which may quote a server: never shown.
    private let details: UnsafeMutablePointer<CChar>

    /// Sets a handle up; nil when libcurl has no memory for it or lacks what was asked.
    init?(_ transfer: Transfer, now: ContinuousClock.Instant) {
        guard let easy = curl_easy_init() else { return nil }
        self.easy = easy
        self.transfer = transfer
        let left = now.duration(to: transfer.request.deadline).nanoseconds / 1_000_000
        limit = Int(min(max(1, left), Int64(Int32.max)))
        details = .allocate(capacity: Int(CURL_ERROR_SIZE))
        details.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        let codes = general() + bounds() + security() + content() + receivers()
        guard codes.allSatisfy({ $0 == CURLE_OK }) else { return nil }
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_slist_free_all(headers)
        details.deallocate()
    }

    /// The reason for which libcurl gave up.
    func failure(_ code: CURLcode) -> TransferFailure {
        let detail = String(cString: details)
        return TransferFailure(
            code,
            TransferFailure.Facts(
                usesTLS: transfer.request.url.hasPrefix("https"), usesProxy: transfer.request.proxy != nil,
                isConnected: nimmer_curl_time(easy, CURLINFO_CONNECT_TIME_T) > 0,
                // libcurl may give up a millisecond early.
                isOverDeadline: nimmer_curl_time(easy, CURLINFO_TOTAL_TIME_T) / 1000 + 2 >= limit,
                isReady: nimmer_curl_time(easy, CURLINFO_PRETRANSFER_TIME_T) > 0,
                proxyStatus: Int(nimmer_curl_number(easy, CURLINFO_HTTP_CONNECTCODE)),
                namesTLS: detail.includes("SSL"),
                isRefused: nimmer_curl_number(easy, CURLINFO_OS_ERRNO) == Int(ECONNREFUSED),
                verification: nimmer_curl_number(easy, CURLINFO_SSL_VERIFYRESULT)))
    }

    private func general() -> [CURLcode] {
        [
            set(CURLOPT_URL, transfer.request.url),
            set(CURLOPT_PROTOCOLS_STR, "http,https"),
            set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1)),
            set(CURLOPT_FOLLOWLOCATION, 0),
            // An empty text keeps libcurl from looking at http_proxy, all_proxy and no_proxy.
            set(CURLOPT_PROXY, transfer.request.proxy ?? ""),
            set(CURLOPT_NOPROXY, ""),
            set(CURLOPT_HTTPPROXYTUNNEL, transfer.request.proxy == nil ? 0 : 1),
            set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1),
            set(CURLOPT_NOSIGNAL, 1),
            // Removing a handle does not wait for a name that is being looked up.
            set(CURLOPT_QUICK_EXIT, 1),
            // A server may close an idle connection just when the next question is sent over it; it is not known then whether
            // it was taken. Questions are rare and answers long: each has a connection of its own, and looks its name up.
            set(CURLOPT_FRESH_CONNECT, 1),
            set(CURLOPT_FORBID_REUSE, 1),
            set(CURLOPT_DNS_CACHE_TIMEOUT, 0),
        ]
    }

    private func bounds() -> [CURLcode] {
        [set(CURLOPT_CONNECTTIMEOUT_MS, 5_000), set(CURLOPT_TIMEOUT_MS, limit)]
    }

    private func security() -> [CURLcode] {
        let tls = transfer.request.tls
        var codes = [
            set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2)),
            // A file of authorities may be replaced.
            set(CURLOPT_CA_CACHE_TIMEOUT, 0),
            // An encrypted key is refused; without a text OpenSSL would ask at the terminal.
            set(CURLOPT_KEYPASSWD, ""),
        ]
        if let authority = tls.authority ?? TLSFiles.authoritiesOfMachine {
            // libcurl would believe its built-in folder of authorities, too.
            codes += [
                set(CURLOPT_CAINFO, authority), nimmer_curl_set_pointer(easy, CURLOPT_CAPATH, nil),
            ]
        }
        if let certificate = tls.certificate { codes.append(set(CURLOPT_SSLCERT, certificate)) }
        if let key = tls.key { codes.append(set(CURLOPT_SSLKEY, key)) }
        return codes
    }

    private func content() -> [CURLcode] {
        // A name without a value leaves out what libcurl would add.
        for line in ["Expect:", "Accept:"] + transfer.request.headers.map({ "\($0.name): \($0.value)" }) {
            guard let list = curl_slist_append(headers, line) else { return [CURLE_OUT_OF_MEMORY] }
            headers = list
        }
        var codes = [nimmer_curl_set_pointer(easy, CURLOPT_HTTPHEADER, headers)]
        if let body = transfer.request.body {
            codes += [
                set(CURLOPT_POST, 1), nimmer_curl_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)),
                body.withUnsafeBytes { nimmer_curl_set_pointer(easy, CURLOPT_COPYPOSTFIELDS, $0.baseAddress) },
            ]
        }
        return codes
    }

    /// libcurl calls these while the loop's thread is in curl_multi_perform; the handle keeps the transfer as long.
    private func receivers() -> [CURLcode] {
        let context = Unmanaged.passUnretained(transfer).toOpaque()
        return [
            nimmer_curl_set_pointer(easy, CURLOPT_ERRORBUFFER, details),
            nimmer_curl_set_pointer(easy, CURLOPT_HEADERDATA, context),
            nimmer_curl_set_receiver(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
                guard let context else { return 0 }
                let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
                return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().receive(line: line)
                    ? line.count : 0
            },
            nimmer_curl_set_pointer(easy, CURLOPT_WRITEDATA, context),
            nimmer_curl_set_receiver(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
                guard let context else { return 0 }
                let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
                return switch Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().receive(body: piece) {
                case .taken: piece.count
                case .paused: Int(CURL_WRITEFUNC_PAUSE)
                // Any other number than that of the bytes ends the transfer; there may be none.
                case .refused: piece.count + 1
                }
            },
        ]
    }

    private func set(_ option: CURLoption, _ value: Int) -> CURLcode { nimmer_curl_set_number(easy, option, value) }
    private func set(_ option: CURLoption, _ text: String) -> CURLcode {
        text.withCString { nimmer_curl_set_pointer(easy, option, $0) }
    }
}
