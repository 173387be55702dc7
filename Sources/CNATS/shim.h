// nats.c (libnats-dev). Threading contract relied on: see NimmerBusNATS/Wake.swift and Connection.swift.
#include <malloc.h>
#include <nats/nats.h>
#include <sys/eventfd.h>
// OpenSSL, which nats.c links anyway: asked what is wrong with a certificate (NimmerBusNATS/Certificates.swift).
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
