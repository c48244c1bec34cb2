/* The load generator: connections to one server, and commands on stdin.

       load DIALECT PORT MEMBERS-FILE [CONTENT-BYTES]

       connect count=1000 at_once=64 patience=60
       watch pids=12,13                  whose CPU time is the server's
       closed messages=2000 window=8 senders=100 patience=10
       even rate=200 seconds=5 senders=100 patience=5
       sends messages=20000 at_once=256 copies=2 rate=0 patience=10
       requests template=FILE requests=5000 at_once=32 rate=0 want=201 contains=TEXT patience=60
       polls template=FILE seq=12 rate=5 seconds=10 patience=5
       idle seconds=5

   Each is answered by one line of JSON. The end of stdin ends it. */
#include "load.h"

#include <stdlib.h>
#include <string.h>

static char line[4096];

/* The value of `name` in the command; it ends at the next space. */
static const char *text_of(const char *name, const char *otherwise) {
  static char values[8][512];
  static int turn;
  char key[64];
  snprintf(key, sizeof key, " %s=", name);
  const char *at = strstr(line, key);
  if (!at) return otherwise;
  char *value = values[turn = (turn + 1) % 8];
  at += strlen(key);
  size_t length = strcspn(at, " \n");
  snprintf(value, 512, "%.*s", (int)length, at);
  return value;
}

static double number_of(const char *name, double otherwise) {
  const char *text = text_of(name, NULL);
  return text ? strtod(text, NULL) : otherwise;
}

static void connect_some(void) {
  uint64_t began = now_ns();
  int count = (int)number_of("count", link_count);
  loop_connect(count < link_count ? count : link_count, (int)number_of("at_once", 64), number_of("patience", 60));
  printf("{\"phase\":\"connect\",\"connections\":%d,\"lost_links\":%llu,\"seconds\":%.3f}\n", ready_count,
         (unsigned long long)lost_links, (double)(now_ns() - began) / 1e9);
  fflush(stdout);
}

static bool run(const char *word) {
  double patience = number_of("patience", 10);
  uint32_t messages = (uint32_t)number_of("messages", 1000);
  if (messages > MAX_MESSAGES) messages = MAX_MESSAGES;
  if (!strcmp(word, "connect")) connect_some();
  else if (!strcmp(word, "watch")) watch(text_of("pids", "")), printf("{\"phase\":\"watch\"}\n"), fflush(stdout);
  else if (!strcmp(word, "closed"))
    rooms_closed(messages, (uint32_t)number_of("window", 1), (uint32_t)number_of("senders", 1), patience);
  else if (!strcmp(word, "even"))
    rooms_even(number_of("rate", 20), number_of("seconds", 5), (uint32_t)number_of("senders", 1), patience);
  else if (!strcmp(word, "sends"))
    rooms_sends(messages, (uint32_t)number_of("at_once", 1), (uint32_t)number_of("copies", 1), number_of("rate", 0), patience);
  else if (!strcmp(word, "requests"))
    http_requests(text_of("template", ""), (uint32_t)number_of("requests", 1000), (uint32_t)number_of("at_once", 1),
                  number_of("rate", 0), (int)number_of("want", 200), text_of("contains", ""), patience);
  else if (!strcmp(word, "polls"))
    http_polls(text_of("template", ""), (uint64_t)number_of("seq", 0), number_of("rate", 5), number_of("seconds", 10),
               patience);
  else if (!strcmp(word, "idle")) rooms_idle(number_of("seconds", 1));
  else return false;
  return true;
}

int main(int argc, char **argv) {
  if (argc < 4 || !(dialect = dialect_named(argv[1]))) {
    fprintf(stderr, "usage: load backchannel|plain|socketio|nats|http PORT MEMBERS-FILE [CONTENT-BYTES]\n");
    return 2;
  }
  if (argc > 4) content_size = (size_t)atoi(argv[4]);
  if (content_size > 4000) content_size = 4000;
  loop_open(argv[3], atoi(argv[2]));
  while (fgets(line, sizeof line, stdin)) {
    char word[32];
    if (sscanf(line, "%31s", word) == 1 && !run(word)) {
      fprintf(stderr, "no such command: %s\n", word);
      return 2;
    }
  }
  return 0;
}
