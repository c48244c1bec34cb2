/* The mark in every message: ~ run(4) index(8) sender(4) number(8) time(16), in hexadecimal digits.

   It is found by its first character, so it must stand in the text as it is: no dialect may escape it. The run tells this
   phase's messages from those of earlier ones that a server repeats (a room's last message, say). */
#include "load.h"

#include <string.h>

#define MARK 41
static uint32_t run;
static const char DIGITS[] = "0123456789abcdef";
static int8_t values[256];

static char *hex(char *out, uint64_t value, int digits) {
  for (int i = digits - 1; i >= 0; i--, value >>= 4) out[i] = DIGITS[value & 15];
  return out + digits;
}

static uint64_t unhex(const char *text, int digits) {
  uint64_t value = 0;
  for (int i = 0; i < digits; i++) value = value << 4 | (uint64_t)values[(uint8_t)text[i]];
  return value;
}

void mark_new_run(void) {
  if (!run) {
    for (int i = 0; i < 16; i++) values[(uint8_t)DIGITS[i]] = (int8_t)i;
    run = (uint32_t)(now_ns() / 1000);
  }
  run = (run + 1) & 0xffff;
  run |= 0x10000; /* never 0 */
  for (int i = 0; i < link_count; i++) {
    memset(links[i].last, 0, sizeof links[i].last);
    links[i].order = 0;
    links[i].heard = 0;
  }
}

/* A message's content: the mark, then letters up to `size`. */
size_t mark_write(char *out, size_t size, uint32_t index, uint32_t sender, uint32_t number, uint64_t at) {
  char *end = out;
  *end++ = '~';
  end = hex(end, run & 0xffff, 4);
  end = hex(end, index, 8);
  end = hex(end, sender, 4);
  end = hex(end, number, 8);
  end = hex(end, at, 16);
  if (size > MARK) memset(end, 'x', size - MARK);
  size = size > MARK ? size : MARK;
  out[size] = 0;
  return size;
}

/* The next mark of this run; NULL where there is none. Returns where it begins. */
const char *mark_find(const char *from, const char *end, struct mark *mark) {
  while ((from = memchr(from, '~', (size_t)(end - from))) && end - from >= MARK) {
    if (unhex(from + 1, 4) == (run & 0xffff)) {
      mark->index = (uint32_t)unhex(from + 5, 8);
      mark->sender = (uint32_t)unhex(from + 13, 4);
      mark->number = (uint32_t)unhex(from + 17, 8);
      mark->at = unhex(from + 25, 16);
      return from;
    }
    from++;
  }
  return NULL;
}

/* Whether the frame that holds the mark is an ack: only the outermost object of a frame has a `type`. */
bool mark_is_ack(const char *text, const char *mark) {
  for (const char *at = mark; at >= text; at--)
    if (*at == '{' && !memcmp(at, "{\"type\":\"", 9)) return !memcmp(at + 9, "ack\"", 4);
  return false;
}

/* Each sender's messages must come to each connection as 1, 2, 3 … */
void mark_check(struct link *link, const struct mark *mark) {
  uint32_t *last = &link->last[mark->sender % MAX_SENDERS];
  if (mark->number <= *last) tally.doubles++;
  else {
    if (mark->number > *last + 1) tally.gaps++;
    *last = mark->number;
  }
  link->order = link->order * 0x9e3779b97f4a7c15ull + ((uint64_t)mark->sender << 32 | mark->number) + 1;
  link->heard++;
  tally.deliveries++;
}
