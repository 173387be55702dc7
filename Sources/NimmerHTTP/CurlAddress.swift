import CCurl

/// Addresses by the rules of RFC 3986, as libcurl reads them.
enum CurlAddress {
    /// The address that a reference means at another address: `/login`, `../x`, `//host/x` or a whole one; nil where it means none.
    static func resolved(_ reference: String, from base: String) -> String? {
        guard let address = curl_url() else { return nil }
        defer { curl_url_cleanup(address) }
        guard curl_url_set(address, CURLUPART_URL, base, 0) == CURLUE_OK,
            curl_url_set(address, CURLUPART_URL, reference, 0) == CURLUE_OK,
            // What is behind # is the client's own.
            curl_url_set(address, CURLUPART_FRAGMENT, nil, 0) == CURLUE_OK
        else { return nil }
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(address, CURLUPART_URL, &text, 0) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }
}
