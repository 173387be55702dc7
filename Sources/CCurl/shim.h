// libcurl (libcurl4-openssl-dev). Its setters take a variable number of arguments, which Swift cannot call.
//
// libcurl-thread: "You must never share the same handle in multiple threads." All handles belong to the thread of
// NimmerHTTP/CurlLoop.swift; only curl_multi_wakeup is called from elsewhere, which "is safe to call from another thread".
#include <curl/curl.h>

#if LIBCURL_VERSION_NUM < 0x075700
#error "libcurl 7.87 or later is needed (Debian 12 has 7.88)"
#endif

typedef size_t (*nimmer_curl_receiver)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode nimmer_curl_set_number(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode nimmer_curl_set_size(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}

// A text that libcurl copies, a list, or a context; NULL sets the option back.
static inline CURLcode nimmer_curl_set_pointer(CURL *handle, CURLoption option, const void *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode nimmer_curl_set_receiver(CURL *handle, CURLoption option, nimmer_curl_receiver receiver) {
    return curl_easy_setopt(handle, option, receiver);
}

// A number that is known of a transfer, or 0.
static inline long nimmer_curl_number(CURL *handle, CURLINFO what) {
    long value = 0;
    return curl_easy_getinfo(handle, what, &value) == CURLE_OK ? value : 0;
}

// A time in microseconds that is known of a transfer, or 0: CURLINFO_CONNECT_TIME_T and its like.
static inline curl_off_t nimmer_curl_time(CURL *handle, CURLINFO what) {
    curl_off_t value = 0;
    return curl_easy_getinfo(handle, what, &value) == CURLE_OK ? value : 0;
}
