import NimmerWave

/// Texts of a server about itself and its errors, as far as they may be repeated.
enum ServerWords {
    /// The kind that an error object names, if it is one that servers are known to have.
    static func kind(_ error: JSON) -> String {
        [error["type"]?.string, error["code"]?.string].compactMap { $0 }.first(where: kinds.contains) ?? ""
    }

    private static let kinds: Set<String> = [
        "authentication_error", "context_length_exceeded", "exceed_context_size_error", "insufficient_quota",
        "invalid_api_key", "invalid_request_error", "model_not_found", "not_found_error", "not_supported_error",
        "permission_error", "rate_limit_error", "rate_limit_exceeded", "server_error", "unavailable_error",
    ]

    /// Foreign text as something that may stand in a log: at most 64 plain characters.
    static func plain(_ text: String) -> String {
        String(
            text.unicodeScalars.prefix(64).map {
                $0.isASCII && $0.value > 0x20 && $0.value < 0x7f ? Character($0) : "?"
            })
    }
}
