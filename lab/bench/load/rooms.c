/* Phases over WebSockets.

   closed   `window` messages are under way; the next is sent when one has come to every member
   even     one message every 1/rate s, whatever comes back; latency counts from when it was due
   sends    each member sends to a room of its own; a message is done when it is acked, and `copies` members hear it
   idle     nothing but heartbeats */
#include "load.h"

#include <stdlib.h>
#include <string.h>

static uint32_t *missing; /* by message: how many members have not heard it yet */
static uint64_t *sent_at;
static uint32_t under_way, sender_count, numbers[MAX_SENDERS];
static uint64_t moved_at;
static struct link *senders[MAX_SENDERS];
static bool busy[MAX_SENDERS];

static void start(uint32_t messages, uint32_t count, void (*text)(struct link *, const char *, size_t, uint64_t)) {
  free(missing);
  free(sent_at);
  missing = calloc(messages, sizeof *missing);
  sent_at = calloc(messages, sizeof *sent_at);
  memset(numbers, 0, sizeof numbers);
  memset(busy, 0, sizeof busy);
  under_way = 0;
  mark_new_run();
  sender_count = 0;
  if (count > MAX_SENDERS) count = MAX_SENDERS;
  if (count > (uint32_t)link_count) count = (uint32_t)link_count;
  /* Spread over all members, so that a sender's place in the server's own order does not matter. */
  for (uint32_t i = 0; i < count; i++) {
    struct link *link = &links[(uint64_t)i * (uint64_t)link_count / count];
    if (link->state == READY) senders[sender_count++] = link;
  }
  on_text = text;
  tally_begin();
  moved_at = tally.began;
}

static void say(uint32_t sender, uint64_t due) {
  char content[4096], text[8192];
  uint32_t index = tally.sent++;
  mark_write(content, content_size, index, sender, ++numbers[sender], due);
  sent_at[index] = due;
  missing[index] = (uint32_t)ready_count;
  under_way++;
  size_t size = dialect->say(senders[sender], content, text, sizeof text);
  ws_say(senders[sender], text, size, dialect->binary ? 2 : 1);
}

static void finish(const char *phase, uint64_t expected) {
  tally_end();
  /* The wait for what never came is no part of the time. */
  if (tally.done < tally.sent && moved_at > tally.began) tally.ended = moved_at;
  on_text = NULL;
  report(phase, expected);
}

/* -- a room: every member hears every message */

static bool is_sender(const struct link *link, uint32_t sender) {
  return sender < sender_count && senders[sender] == link;
}

static void room_text(struct link *link, const char *text, size_t length, uint64_t now) {
  struct mark mark;
  const char *end = text + length, *at = text;
  while ((at = mark_find(at, end, &mark))) {
    /* The sender's ack repeats its message. */
    if (!(is_sender(link, mark.sender) && mark_is_ack(text, at))) {
      mark_check(link, &mark);
      latency_add(now > mark.at ? now - mark.at : 0);
      if (mark.index < tally.sent && missing[mark.index] && !--missing[mark.index]) under_way--, tally.done++;
      moved_at = now;
    }
    at++;
  }
}

void rooms_closed(uint32_t messages, uint32_t window, uint32_t count, double patience) {
  start(messages, count, room_text);
  int members = ready_count;
  while (tally.done < messages && sender_count) {
    while (tally.sent < messages && under_way < window) say(tally.sent % sender_count, now_ns());
    uint64_t now = now_ns();
    if (now - moved_at > (uint64_t)(patience * 1e9)) break;
    loop_turn(now + SECOND / 10);
  }
  finish("closed", (uint64_t)messages * (uint64_t)members);
}

void rooms_even(double rate, double seconds, uint32_t count, double patience) {
  uint32_t messages = (uint32_t)(rate * seconds);
  start(messages, count, room_text);
  int members = ready_count;
  uint64_t last_due = tally.began + (uint64_t)(1e9 * messages / rate), limit = last_due + (uint64_t)(patience * 1e9);
  while (tally.done < messages && sender_count) {
    uint64_t now = now_ns(), due = tally.began + (uint64_t)(1e9 * tally.sent / rate);
    while (tally.sent < messages && due <= now) {
      say(tally.sent % sender_count, due);
      due = tally.began + (uint64_t)(1e9 * tally.sent / rate);
    }
    if (now > limit) break;
    keep_alive(now);
    loop_turn(tally.sent < messages ? due : now + SECOND / 10);
  }
  finish("even", (uint64_t)messages * (uint64_t)members);
}

/* -- durable sends: what counts is the ack */

static void send_text(struct link *link, const char *text, size_t length, uint64_t now) {
  struct mark mark;
  const char *end = text + length, *at = text;
  if (memmem(text, length, "\"type\":\"error\"", 14)) {
    if (!tally.refused++) fprintf(stderr, "refused: %.*s\n", (int)(length < 300 ? length : 300), text);
  }
  while ((at = mark_find(at, end, &mark))) {
    moved_at = now;
    if (!mark_is_ack(text, at)) mark_check(link, &mark);
    else if (mark.index < tally.sent) {
      latency_add(now > sent_at[mark.index] ? now - sent_at[mark.index] : 0);
      tally.acks++, tally.done++, under_way--;
      busy[mark.sender] = false;
    }
    at++;
  }
}

/* `at_once` messages under way, no more than one of each member; with a rate, as many as it takes. */
void rooms_sends(uint32_t messages, uint32_t at_once, uint32_t copies, double rate, double patience) {
  uint32_t next = 0;
  uint64_t expected = (uint64_t)messages * copies;
  start(messages, MAX_SENDERS, send_text);
  if (at_once > sender_count) at_once = sender_count;
  uint64_t limit = tally.began + (rate > 0 ? (uint64_t)(1e9 * (messages / rate + patience)) : UINT64_MAX / 2);
  while ((tally.done < messages || tally.deliveries < expected) && sender_count) {
    uint64_t now = now_ns(), due = rate > 0 ? tally.began + (uint64_t)(1e9 * tally.sent / rate) : 0;
    while (tally.sent < messages && (rate > 0 ? due <= now : under_way < at_once)) {
      while (rate <= 0 && busy[next]) next = (next + 1) % sender_count;
      busy[next] = true;
      say(next, rate > 0 ? due : now_ns());
      next = (next + 1) % sender_count;
      due = rate > 0 ? tally.began + (uint64_t)(1e9 * tally.sent / rate) : 0;
    }
    if (now > limit || now - moved_at > (uint64_t)(patience * 1e9)) break;
    loop_turn(rate > 0 && tally.sent < messages ? due : now + SECOND / 10);
  }
  finish("sends", expected);
}

void rooms_idle(double seconds) {
  start(1, 1, NULL);
  for (uint64_t now = now_ns(), end = now + (uint64_t)(seconds * 1e9); now < end; now = now_ns()) {
    keep_alive(now);
    loop_turn(now + SECOND / 10);
  }
  finish("idle", 0);
}
