/* usage: opening_rtt COUNT URL ENV: for COUNT regions that nobody has used, publishes a wave of each of two cells and takes the
   time from the second one's publishing until the opening, a durable message, arrives; prints percentiles, as limit_rtt does. */
#include "latency.h"

static const char wave[] =
    "{\"header\":{\"message_id\":\"550e8400-e29b-41d4-a716-446655440000\",\"message_type\":\"WaveSignal\",\"version\":"
    "\"2.0\",\"timestamp\":\"2026-02-14T18:30:00.123Z\",\"source\":{\"entity_id\":\"math_cell_1\",\"entity_type\":"
    "\"cell\",\"garden\":\"virtual\",\"tier\":1}},\"body\":{\"domain\":\"x%ld-%ld\",\"confidence\":0.7,\"semantic_content\":"
    "{\"operation\":\"addition\",\"operands\":[15,27],\"context\":\"user_request\"},\"lifeforce_cost\":0.1}}";

int main(int argc, char **argv) {
  if (argc != 4) return fprintf(stderr, "usage: collapse_rtt COUNT URL ENV\n"), 2;
  long n = atol(argv[1]), run = (long)(now() * 1000);
  char first[128], second[128], openings[128], gate[64], bytes[512];
  /* Cells of this run: a cell brings new regions at a bounded rate after its first thousand. */
  snprintf(first, sizeof first, "%s.nervous.cells.first-%ld.wave", argv[3], run);
  snprintf(second, sizeof second, "%s.nervous.cells.second-%ld.wave", argv[3], run);
  snprintf(openings, sizeof openings, "%s.nervous.gates.*.transition", argv[3]);
  natsConnection *speaks = NULL, *hears = NULL;
  natsSubscription *s = NULL;
  natsStatus st = connect_both(&speaks, &hears, argv[2]);
  if (st == NATS_OK) st = natsConnection_SubscribeSync(&s, hears, openings);
  if (st == NATS_OK) st = natsConnection_Flush(hears);
  double *took = calloc(n, sizeof *took);
  for (long i = 0; i < n && st == NATS_OK; i++) {
    natsMsg *heard = NULL;
    int is_ours = 0;
    snprintf(gate, sizeof gate, ".x%ld-%ld.", run, i);
    int length = snprintf(bytes, sizeof bytes, wave, run, i);
    st = natsConnection_Publish(speaks, first, bytes, length);
    if (st == NATS_OK) st = natsConnection_Flush(speaks);
    double start = now();
    if (st == NATS_OK) st = natsConnection_Publish(speaks, second, bytes, length);
    /* Gates of earlier regions release meanwhile. */
    while (st == NATS_OK && !is_ours) {
      st = natsSubscription_NextMsg(&heard, s, 2000);
      took[i] = (now() - start) * 1e6;
      is_ours = st == NATS_OK && strstr(natsMsg_GetSubject(heard), gate) != NULL;
      natsMsg_Destroy(heard);
      heard = NULL;
    }
  }
  return print_percentiles(st, "opening", took, n);
}
