/* usage: durable_rtt COUNT URL: nats.c alone doing what an opening has to do: for each message that it hears, it says a durable
   one, of 900 bytes, with an id and a place for its acknowledgement, into a stream; takes the time from publishing the first until
   somebody else has the second; prints percentiles, as limit_rtt does. */
#include "latency.h"

static char payload[900];
static long serial;

static void say(natsConnection *c, const char *subject) {
  char id[64];
  natsMsg *m = NULL;
  snprintf(id, sizeof id, "%.0f-%ld", now() * 1e6, serial++);
  if (natsMsg_Create(&m, subject, "limit.acks", payload, sizeof payload) != NATS_OK) return;
  natsMsgHeader_Add(m, "Nats-Msg-Id", id);
  natsConnection_PublishMsg(c, m);
  natsMsg_Destroy(m);
}

static void opening(natsConnection *c, natsSubscription *s, natsMsg *m, void *closure) {
  say(c, "limit.durable.opening");
  natsMsg_Destroy(m);
}

int main(int argc, char **argv) {
  if (argc != 3) return fprintf(stderr, "usage: durable_rtt COUNT URL\n"), 2;
  int n = atoi(argv[1]);
  natsConnection *speaks = NULL, *answers = NULL;
  natsSubscription *s = NULL, *acks = NULL, *hears = NULL;
  jsCtx *js = NULL;
  jsStreamConfig stream;
  jsErrCode code = 0;
  const char *subjects[] = {"limit.durable.>"};
  natsStatus st = connect_both(&speaks, &answers, argv[2]);
  if (st == NATS_OK) st = natsConnection_JetStream(&js, speaks, NULL);
  jsStreamConfig_Init(&stream);
  stream.Name = "LIMIT";
  stream.Subjects = subjects;
  stream.SubjectsLen = 1;
  if (st == NATS_OK) st = js_AddStream(NULL, js, &stream, NULL, &code);
  if (st == NATS_OK) st = natsConnection_Subscribe(&s, answers, "limit.wave", opening, NULL);
  if (st == NATS_OK) st = natsConnection_SubscribeSync(&acks, answers, "limit.acks");
  if (st == NATS_OK) st = natsSubscription_SetPendingLimits(acks, -1, -1);
  if (st == NATS_OK) st = natsConnection_Flush(answers);
  if (st == NATS_OK) st = natsConnection_SubscribeSync(&hears, speaks, "limit.durable.opening");
  if (st == NATS_OK) st = natsConnection_Flush(speaks);
  double *took = calloc(n, sizeof *took);
  for (int i = 0; i < n && st == NATS_OK; i++) {
    natsMsg *heard = NULL;
    st = natsConnection_Flush(speaks);
    double start = now();
    if (st == NATS_OK) st = natsConnection_Publish(speaks, "limit.wave", payload, 384);
    if (st == NATS_OK) st = natsSubscription_NextMsg(&heard, hears, 2000);
    took[i] = (now() - start) * 1e6;
    natsMsg_Destroy(heard);
  }
  js_DeleteStream(js, "LIMIT", NULL, &code);
  return print_percentiles(st, "durable", took, n);
}
