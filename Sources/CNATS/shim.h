// nats.c (libnats-dev). Threading contract relied on: see NimmerBusNATS/Wake.swift and Connection.swift.
#include <malloc.h>
#include <nats/nats.h>
#include <sys/eventfd.h>
