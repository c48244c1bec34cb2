/* Phases over HTTP/1.1, on connections that are kept.

   A request is a template: its first line is "METHOD PATH", the rest is the body. In both, @ROOM@ is the member's room,
   @ID@ a new UUID, @MARK@ a content with the mark, @SEQ@ and @VERSION@ the member's cursor. */
#include "load.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static char first_line[512], body_template[8192];
static uint64_t *asked_at;
static uint32_t under_way, numbers[MAX_SENDERS];
static int wanted;
static const char *contained;

static void read_template(const char *path) {
  FILE *file = fopen(path, "r");
  first_line[0] = body_template[0] = 0;
  if (!file || !fgets(first_line, sizeof first_line, file)) {
    perror(path);
    exit(2);
  }
  first_line[strcspn(first_line, "\n")] = 0;
  body_template[fread(body_template, 1, sizeof body_template - 1, file)] = 0;
  size_t length = strlen(body_template);
  if (length && body_template[length - 1] == '\n') body_template[length - 1] = 0;
  fclose(file);
}

static size_t fill(const char *template, const struct link *link, const char *content, char *out) {
  char *end = out;
  while (*template) {
    if (*template != '@') *end++ = *template++;
    else if (!strncmp(template, "@ROOM@", 6)) end += sprintf(end, "%ld", link->room_id), template += 6;
    else if (!strncmp(template, "@MARK@", 6)) end += sprintf(end, "%s", content), template += 6;
    else if (!strncmp(template, "@SEQ@", 5)) end += sprintf(end, "%llu", (unsigned long long)link->seq), template += 5;
    else if (!strncmp(template, "@VERSION@", 9))
      end += sprintf(end, "%llu", (unsigned long long)link->version), template += 9;
    else if (!strncmp(template, "@NUMBER@", 8)) end += sprintf(end, "%d", link->number), template += 8;
    else if (!strncmp(template, "@ID@", 4)) make_uuid(end), end += 36, template += 4;
    else *end++ = *template++;
  }
  *end = 0;
  return (size_t)(end - out);
}

static void ask(struct link *link, const char *line, const char *template, const char *content) {
  char path[1024], body[16384], out[20000], bearer[160] = "";
  fill(line, link, content, path);
  size_t size = fill(template, link, content, body);
  if (*link->token != '-') snprintf(bearer, sizeof bearer, "Authorization: Bearer %s\r\n", link->token);
  int head = snprintf(out, sizeof out,
                      "%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: application/json\r\nContent-Type: application/json\r\n"
                      "Content-Length: %zu\r\n%s\r\n",
                      path, server_port, size, bearer);
  memcpy(out + head, body, size);
  link_write(link, out, (size_t)head + size);
}

static const char *header(const char *head, const char *end, const char *name) {
  size_t length = strlen(name);
  for (const char *line = head; line && line < end; line = memchr(line, '\n', (size_t)(end - line)), line = line ? line + 1 : NULL)
    if ((size_t)(end - line) > length && !strncasecmp(line, name, length)) return line + length;
  return NULL;
}

/* Hands a whole answer on; there is never more than one under way on a connection. */
size_t http_read(struct link *link, const char *data, size_t length, uint64_t now) {
  const char *end = memmem(data, length, "\r\n\r\n", 4);
  if (!end) return 0;
  const char *size = header(data, end, "content-length:"), *body = end + 4;
  size_t left = length - (size_t)(body - data), whole = size ? (size_t)strtoul(size, NULL, 10) : 0;
  if (!size && header(data, end, "transfer-encoding:")) {
    if (left < 5 || memcmp(data + length - 5, "0\r\n\r\n", 5)) return 0;
    whole = left;
  }
  if (left < whole) return 0;
  if (on_answer) on_answer(link, atoi(data + 9), body, whole, now);
  return length;
}

/* -- requests that are answered at once */

static void answered(struct link *link, int status, const char *body, size_t length, uint64_t now) {
  if (link->asked == NONE) return;
  if (status != wanted || (contained && !memmem(body, length, contained, strlen(contained)))) {
    if (!tally.refused++) fprintf(stderr, "answered %d: %.*s\n", status, (int)(length < 300 ? length : 300), body);
  }
  latency_add(now - asked_at[link->asked]);
  link->asked = NONE;
  tally.done++, tally.acks++, under_way--;
}

/* `at_once` requests under way, each on its own connection; with a rate, as many as it takes. */
void http_requests(const char *template, uint32_t requests, uint32_t at_once, double rate, int want, const char *contains,
                   double patience) {
  char content[4096];
  int next = 0;
  read_template(template);
  wanted = want;
  contained = contains && *contains ? contains : NULL;
  free(asked_at);
  asked_at = calloc(requests, sizeof *asked_at);
  under_way = 0;
  mark_new_run();
  memset(numbers, 0, sizeof numbers);
  for (int i = 0; i < link_count; i++) links[i].asked = NONE;
  on_answer = answered;
  tally_begin();
  uint64_t limit = tally.began + (uint64_t)(patience * 1e9);
  while (tally.done < requests && ready_count) {
    uint64_t now = now_ns(), due = rate > 0 ? tally.began + (uint64_t)(1e9 * tally.sent / rate) : 0;
    while (tally.sent < requests && under_way < at_once && due <= now) {
      int tried = 0;
      while (tried++ < link_count && (links[next].asked != NONE || links[next].state != READY)) next = (next + 1) % link_count;
      if (links[next].asked != NONE || links[next].state != READY) break;
      uint32_t sender = (uint32_t)next % MAX_SENDERS;
      links[next].asked = tally.sent++;
      asked_at[links[next].asked] = rate > 0 ? due : now_ns();
      mark_write(content, content_size, links[next].asked, sender, ++numbers[sender], now);
      under_way++;
      ask(&links[next], first_line, body_template, content);
      next = (next + 1) % link_count;
      due = rate > 0 ? tally.began + (uint64_t)(1e9 * tally.sent / rate) : 0;
    }
    if (now > limit) break;
    loop_turn(rate > 0 && under_way < at_once && tally.sent < requests ? due : now + SECOND / 10);
  }
  tally_end();
  on_answer = NULL;
  report("requests", requests);
}

/* -- long polls: all but the last connection wait, the last one sends */

static const char SEND_LINE[] = "POST /api/rooms/@ROOM@/messages", SEND_BODY[] = "{\"id\":\"@ID@\",\"content\":\"@MARK@\"}";

static uint64_t number_after(const char *from, const char *end, const char *name) {
  const char *at = memmem(from, (size_t)(end - from), name, strlen(name));
  return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

static void polled(struct link *link, int status, const char *body, size_t length, uint64_t now) {
  const char *end = body + length;
  struct mark mark;
  if (link->number == link_count - 1) {
    under_way--;
    if (status != 201) tally.refused++;
    return;
  }
  if (status != 200) {
    if (!tally.refused++) fprintf(stderr, "answered %d: %.*s\n", status, (int)(length < 300 ? length : 300), body);
    return;
  }
  for (const char *at = body; (at = mark_find(at, end, &mark)); at++) {
    mark_check(link, &mark);
    latency_add(now > mark.at ? now - mark.at : 0);
  }
  for (const char *at = body; (at = memmem(at, (size_t)(end - at), "{\"type\":\"message_created\"", 25)); at++) {
    uint64_t seq = number_after(at, end, "\"seq\":");
    if (seq > link->seq) link->seq = seq;
  }
  uint64_t version = number_after(length > 60 ? end - 60 : body, end, "\"user_version\":");
  if (version) link->version = version;
  tally.acks++;
  ask(link, first_line, body_template, "");
}

/* `template` asks for what is after the cursor, which begins at `seq`. */
void http_polls(const char *template, uint64_t seq, double rate, double seconds, double patience) {
  char content[4096];
  uint32_t messages = (uint32_t)(rate * seconds);
  read_template(template);
  mark_new_run();
  on_answer = polled;
  under_way = 0;
  struct link *sender = &links[link_count - 1];
  for (int i = 0; i < link_count - 1; i++) {
    if (links[i].asked != NONE) continue; /* its poll of an earlier phase still waits, with the cursor that it has */
    links[i].asked = 0;
    links[i].seq = seq;
    links[i].version = links[i].version ? links[i].version : 1;
    ask(&links[i], first_line, body_template, "");
  }
  /* All wait before anything is measured. */
  for (uint64_t end = now_ns() + 2 * SECOND; now_ns() < end;) loop_turn(end);
  tally_begin();
  uint64_t pollers = (uint64_t)ready_count - 1, last = tally.began + (uint64_t)(1e9 * seconds), limit = last + (uint64_t)(patience * 1e9);
  while (tally.deliveries < messages * pollers || now_ns() < last) {
    uint64_t now = now_ns(), due = tally.began + (uint64_t)(1e9 * tally.sent / rate);
    if (tally.sent < messages && due <= now && !under_way) {
      mark_write(content, content_size, tally.sent, 0, tally.sent + 1, due);
      tally.sent++, under_way++;
      ask(sender, SEND_LINE, SEND_BODY, content);
    }
    if (now > limit) break;
    loop_turn(tally.sent < messages && due > now ? due : now + SECOND / 10);
  }
  tally.done = tally.sent;
  tally_end();
  on_answer = NULL;
  report("polls", messages * pollers);
}
