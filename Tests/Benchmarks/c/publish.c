/* usage: publish COUNT URL SUBJECT REGIONS ORIGINS: publishes COUNT waves of 384 bytes or a little more, as fast as it goes.
   With REGIONS and ORIGINS 1 every wave is the documented one; else wave i names region i % REGIONS and origin
   (i / REGIONS) % ORIGINS. The same programme feeds the limit and the thalamus, so that both read the same bytes. */
#include <nats/nats.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char head[] =
    "{\"header\":{\"message_id\":\"550e8400-e29b-41d4-a716-446655440000\",\"message_type\":\"WaveSignal\",\"version\":"
    "\"2.0\",\"timestamp\":\"2026-02-14T18:30:00.123Z\",\"source\":{\"entity_id\":\"math_cell_1\",\"entity_type\":"
    "\"cell\",\"garden\":\"virtual\",\"tier\":1}},\"body\":{\"domain\":\"%s\",\"confidence\":0.7,\"semantic_content\":"
    "{\"operation\":\"addition\",\"operands\":[15,27],\"context\":\"user_request\"},\"lifeforce_cost\":0.1%s}}";

int main(int argc, char **argv) {
  if (argc != 6) return fprintf(stderr, "usage: publish COUNT URL SUBJECT REGIONS ORIGINS\n"), 2;
  long count = atol(argv[1]);
  int regions = atoi(argv[4]), origins = atoi(argv[5]), kinds = regions * origins;
  char(*waves)[512] = malloc(sizeof *waves * kinds);
  int *lengths = malloc(sizeof *lengths * kinds);
  for (int i = 0; i < kinds; i++) {
    char domain[32] = "math", origin[48] = "";
    if (kinds > 1) {
      snprintf(domain, sizeof domain, "r%02d", i % regions);
      snprintf(origin, sizeof origin, ",\"origin\":\"o%d\"", i / regions);
    }
    lengths[i] = snprintf(waves[i], sizeof waves[i], head, domain, origin);
  }
  natsOptions *o = NULL;
  natsConnection *c = NULL;
  natsStatus st = natsOptions_Create(&o);
  if (st == NATS_OK) st = natsOptions_SetURL(o, argv[2]);
  if (st == NATS_OK) st = natsOptions_SetIOBufSize(o, 1 << 20);
  if (st == NATS_OK) st = natsConnection_Connect(&c, o);
  for (long i = 0; i < count && st == NATS_OK; i++)
    st = natsConnection_Publish(c, argv[3], waves[i % kinds], lengths[i % kinds]);
  if (st == NATS_OK) st = natsConnection_FlushTimeout(c, 120000);
  if (st != NATS_OK) return fprintf(stderr, "%s\n", natsStatus_GetText(st)), 1;
  return 0;
}
