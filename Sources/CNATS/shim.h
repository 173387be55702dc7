// nats.c (libnats-dev). Threading contract relied on: see NimmerBusNATS/Wake.swift and Connection.swift.
#include <malloc.h>
#include <nats/nats.h>
#include <sys/eventfd.h>
// OpenSSL, which nats.c links anyway: asked what is wrong with a certificate (NimmerBusNATS/Certificates.swift).
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <stdbool.h>
#include <string.h>

// nats.c calls this for each message, before it looks at the headers. Not declared in nats.h; the same from 3.4 to 3.12, and left
// alone where a library has no such function.
extern void natsConn_setFilterWithClosure(natsConnection *connection, void (*filter)(natsConnection *, natsMsg **, void *),
                                          void *closure) __attribute__((weak));

// Has each message of a connection checked first; returns whether the library supports it.
static inline bool nimmer_look_at_messages(natsConnection *connection, void (*look)(natsConnection *, natsMsg **, void *),
                                           void *closure) {
    if (!natsConn_setFilterWithClosure) return false;
    natsConn_setFilterWithClosure(connection, look, closure);
    return true;
}

// nats.c hands errors over to one thread, in order, which calls the connection's error handler. Not declared in nats.h; the same from 3.0 to
// 3.12, and left alone where a library has no such function. It frees the text.
extern void natsAsyncCb_PostErrHandler(natsConnection *connection, natsSubscription *subscription, natsStatus status, char *text)
    __attribute__((weak));

// Has the error handler called once all errors that came before have been handed over; returns whether the library supports it.
static inline bool nimmer_post_error(natsConnection *connection, natsStatus status, const char *text) {
    if (!natsAsyncCb_PostErrHandler) return false;
    natsAsyncCb_PostErrHandler(connection, NULL, status, strdup(text));
    return true;
}
