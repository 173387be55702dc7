/* What every benchmark of latencies needs: the time, a connection that sends at once, and percentiles as limit_rtt prints them. */
#include <nats/nats.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static natsStatus connect_both(natsConnection **speaks, natsConnection **hears, const char *url) {
  natsOptions *o = NULL;
  natsStatus st = natsOptions_Create(&o);
  if (st == NATS_OK) st = natsOptions_SetURL(o, url);
  if (st == NATS_OK) st = natsOptions_SetSendAsap(o, true);
  if (st == NATS_OK) st = natsConnection_Connect(speaks, o);
  if (st == NATS_OK) st = natsConnection_Connect(hears, o);
  natsOptions_Destroy(o);
  return st;
}

/* Prints what took how long, or what went wrong; returns the exit status. */
static int print_percentiles(natsStatus st, const char *name, double *took, long n) {
  if (st != NATS_OK) return fprintf(stderr, "%s\n", natsStatus_GetText(st)), 1;
  qsort(took, n, sizeof *took, ascending);
  printf("%s us p50 %.1f p99 %.1f p99.9 %.1f\n", name, took[n / 2], took[n * 99 / 100], took[n * 999 / 1000]);
  return 0;
}
