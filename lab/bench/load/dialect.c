/* How each server is greeted and spoken to. A server that needs no greeting is in the room as soon as it is connected. */
#include "load.h"

#include <string.h>
#include <time.h>

/* UUID version 7: time first, so that ids sort. The counter keeps those of one millisecond apart. */
void make_uuid(char out[37]) {
  static uint64_t counter;
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  uint64_t ms = (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
  if (!counter) counter = (uint64_t)time.tv_nsec;
  counter++;
  snprintf(out, 37, "%08llx-%04llx-7%03llx-8%03llx-%012llx", (unsigned long long)(ms >> 16 & 0xffffffff),
           (unsigned long long)(ms & 0xffff), (unsigned long long)(counter >> 12 & 0xfff),
           (unsigned long long)(counter & 0xfff), (unsigned long long)(counter * 0x9e3779b97f4aull & 0xffffffffffffull));
}

/* An event of about 200 bytes as a small chat would write it: what the peers pass on as it is. */
static size_t plain_say(const struct link *link, const char *content, char *out, size_t room) {
  char id[37];
  make_uuid(id);
  return (size_t)snprintf(out, room,
                          "{\"type\":\"message\",\"id\":\"%s\",\"room_id\":1,\"sender\":{\"id\":%d,\"username\":\"member\"},"
                          "\"at\":\"2026-01-01T00:00:00Z\",\"content\":\"%s\"}",
                          id, link->number, content);
}

static size_t backchannel_greet(const struct link *link, const char *text, char *out, size_t room) {
  return text ? 0 : (size_t)snprintf(out, room, "{\"type\":\"hello\",\"protocol\":1,\"client\":{\"name\":\"load\",\"instance\":\"load-%d\"}}",
                          link->number);
}

static size_t backchannel_say(const struct link *link, const char *content, char *out, size_t room) {
  char id[37];
  make_uuid(id);
  return (size_t)snprintf(out, room, "{\"type\":\"send_message\",\"id\":\"%s\",\"room_id\":%ld,\"content\":\"%s\"}", id,
                          link->room_id, content);
}

/* Engine.IO 4: the server opens with 0, the client joins the namespace with 40. */
static size_t socketio_greet(const struct link *link, const char *text, char *out, size_t room) {
  (void)link;
  return text && *text == '0' ? (size_t)snprintf(out, room, "40") : 0;
}

static size_t socketio_say(const struct link *link, const char *content, char *out, size_t room) {
  size_t head = (size_t)snprintf(out, room, "42[\"message\","), body = plain_say(link, content, out + head, room - head);
  out[head + body] = ']';
  return head + body + 1;
}

static size_t nats_greet(const struct link *link, const char *text, char *out, size_t room) {
  (void)link;
  if (!text || strncmp(text, "INFO", 4)) return 0;
  return (size_t)snprintf(out, room, "CONNECT {\"verbose\":false,\"pedantic\":false}\r\nSUB room 1\r\nPING\r\n");
}

static size_t nats_say(const struct link *link, const char *content, char *out, size_t room) {
  char body[1024];
  size_t size = plain_say(link, content, body, sizeof body);
  return (size_t)snprintf(out, room, "PUB room %zu\r\n%s\r\n", size, body);
}

static const struct dialect DIALECTS[] = {
    {"backchannel", "/ws", NULL, false, "\"type\":\"caught_up\"", backchannel_greet, backchannel_say},
    {"plain", "/ws", NULL, false, "joined", NULL, plain_say},
    {"socketio", "/socket.io/?EIO=4&transport=websocket", NULL, false, "40{", socketio_greet, socketio_say},
    {"nats", "/", NULL, true, "PONG", nats_greet, nats_say},
    {"http", NULL, NULL, false, NULL, NULL, NULL},
};

const struct dialect *dialect_named(const char *name) {
  for (size_t i = 0; i < sizeof DIALECTS / sizeof *DIALECTS; i++)
    if (!strcmp(DIALECTS[i].name, name)) return &DIALECTS[i];
  return NULL;
}
