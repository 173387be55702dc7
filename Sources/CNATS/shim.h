// nats.c (libnats-dev). Threading contract relied on: see NimmerBusNATS/Loop.swift.
#include <nats/nats.h>
