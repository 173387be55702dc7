/* usage: boundary_rtt COUNT URL ENV: publishes COUNT requests, one after the other, and takes the time from the publishing of each
   until its response arrives at another connection; prints percentiles, as limit_rtt does. Needs a cognition-bridge without minds. */
#include "latency.h"

static const char request[] =
    "{\"header\":{\"message_id\":\"%s\",\"message_type\":\"CognitiveRequest\",\"version\":\"2.0\",\"timestamp\":"
    "\"2026-02-14T18:30:00.123Z\",\"source\":{\"entity_id\":\"thalamus-1\",\"entity_type\":\"thalamus\",\"garden\":\"real\","
    "\"tier\":2}},\"body\":{\"request_id\":\"%s\",\"collapse_id\":\"%s\",\"event_type\":\"fault\",\"domain\":\"plant\","
    "\"confidence\":0.9,\"structured_input\":{\"region\":\"r%ld\",\"witnesses\":[{\"source\":\"pump-pressure\",\"confidence\":0.8,"
    "\"age_ms\":200,\"content\":{\"value\":3.5,\"baseline\":1.2}}]},\"suggested_actions\":[{\"action\":\"inspect\",\"confidence\":0.5}],"
    "\"processing_budget_lf\":10,\"response_timeout_ms\":15000,\"expires_at\":\"2200-01-01T00:00:00Z\"}}";

int main(int argc, char **argv) {
  if (argc != 4) return fprintf(stderr, "usage: boundary_rtt COUNT URL ENV\n"), 2;
  long n = atol(argv[1]), run = (long)(now() * 1000);
  char requests[128], responses[128], id[64], bytes[2048];
  snprintf(requests, sizeof requests, "%s.cognitive.bridge.request", argv[3]);
  snprintf(responses, sizeof responses, "%s.cognitive.bridge.response", argv[3]);
  natsConnection *speaks = NULL, *hears = NULL;
  natsSubscription *s = NULL;
  natsStatus st = connect_both(&speaks, &hears, argv[2]);
  if (st == NATS_OK) st = natsConnection_SubscribeSync(&s, hears, responses);
  if (st == NATS_OK) st = natsConnection_Flush(hears);
  double *took = calloc(n, sizeof *took);
  for (long i = 0; i < n && st == NATS_OK; i++) {
    natsMsg *response = NULL;
    snprintf(id, sizeof id, "%08lx-0000-4000-8000-%012lx", run & 0xffffffffL, i);
    int length = snprintf(bytes, sizeof bytes, request, id, id, id, i);
    double start = now();
    st = natsConnection_Publish(speaks, requests, bytes, length);
    if (st == NATS_OK) st = natsSubscription_NextMsg(&response, s, 5000);
    took[i] = (now() - start) * 1e6;
    if (st == NATS_OK && strstr(natsMsg_GetData(response), id) == NULL) return fprintf(stderr, "another answer\n"), 1;
    natsMsg_Destroy(response);
  }
  return print_percentiles(st, "boundary", took, n);
}
