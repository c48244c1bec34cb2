/* What the parts of the load generator share.

   main.c     reads commands, one a line, and answers each with one line of JSON
   loop.c     connections, epoll, bytes in and out
   ws.c       WebSocket frames as a client writes and reads them
   dialect.c  how each server is greeted and spoken to
   mark.c     the mark in every message, by which a delivery is recognised and checked
   rooms.c    phases over WebSockets: closed loop, even rate, durable sends
   http.c     phases over HTTP: requests, and long polls
   report.c   histogram, CPU times, the JSON */
#ifndef LOAD_H
#define LOAD_H

#define _GNU_SOURCE
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SECOND 1000000000ull
#define MAX_SENDERS 256
#define MAX_MESSAGES 2000000
#define NONE UINT32_MAX

enum state { CLOSED, CONNECTING, SHAKING, JOINING, READY };

struct buffer {
  char *data;
  size_t length, room;
};

/* One connection. `last` and `order` are what the checks of a phase keep of it. */
struct link {
  int fd;
  int number;
  enum state state;
  bool wants_out;
  struct buffer in, out;
  char token[96];
  long room_id;
  uint64_t spoke_at;
  uint32_t last[MAX_SENDERS];
  uint64_t order;
  uint32_t heard;
  uint32_t asked; /* http: the index of the request under way, or NONE */
  uint64_t seq, version; /* polls: the cursor and the user's version */
};

/* A mark, read. `index` counts the phase's messages, `number` those of one sender. */
struct mark {
  uint32_t index, sender, number;
  uint64_t at;
};

struct dialect {
  const char *name;
  const char *path;
  const char *subprotocol;
  bool binary;
  const char *ready; /* the text by which the server says that the member is in; NULL: the upgrade says it */
  /* What to say after the upgrade (`text` is NULL) and to each text until the member is in; 0: nothing. */
  size_t (*greet)(const struct link *link, const char *text, char *out, size_t room);
  size_t (*say)(const struct link *link, const char *content, char *out, size_t room);
};

/* Everything a phase counts. `waited`: ns in which nothing came. */
struct tally {
  uint64_t began, ended, waited, deliveries, acks, gaps, doubles, refused, bytes_in;
  uint32_t sent, done;
  double server_cpu, load_cpu;
};

extern struct link *links;
extern int link_count, ready_count;
extern uint64_t lost_links;
extern const struct dialect *dialect;
extern struct tally tally;
extern void (*on_text)(struct link *link, const char *text, size_t length, uint64_t now);
extern void (*on_answer)(struct link *link, int status, const char *body, size_t length, uint64_t now);

/* loop.c */
uint64_t now_ns(void);
void loop_open(const char *members, int port);
bool loop_connect(int count, int at_once, double patience);
void loop_turn(uint64_t until);
void link_write(struct link *link, const char *data, size_t length);
void link_drop(struct link *link);
void buffer_add(struct buffer *buffer, const char *data, size_t length);
void keep_alive(uint64_t now);
void heard_text(struct link *link, const char *text, size_t length, uint64_t now);

/* ws.c */
size_t ws_handshake(const struct link *link, int port, char *out, size_t room);
void ws_say(struct link *link, const char *text, size_t length, int opcode);
size_t ws_read(struct link *link, const char *data, size_t length, uint64_t now);

/* http.c */
size_t http_read(struct link *link, const char *data, size_t length, uint64_t now);
void http_requests(const char *template, uint32_t requests, uint32_t at_once, double rate, int want, const char *contains,
                   double patience);
void http_polls(const char *template, uint64_t seq, double rate, double seconds, double patience);

/* dialect.c */
const struct dialect *dialect_named(const char *name);
void make_uuid(char out[37]);

/* mark.c */
void mark_new_run(void);
size_t mark_write(char *out, size_t size, uint32_t index, uint32_t sender, uint32_t number, uint64_t at);
const char *mark_find(const char *from, const char *end, struct mark *mark);
bool mark_is_ack(const char *text, const char *mark);
void mark_check(struct link *link, const struct mark *mark);

/* rooms.c */
void rooms_closed(uint32_t messages, uint32_t window, uint32_t senders, double patience);
void rooms_even(double rate, double seconds, uint32_t senders, double patience);
void rooms_sends(uint32_t messages, uint32_t at_once, uint32_t copies, double rate, double patience);
void rooms_idle(double seconds);

/* report.c */
void latency_clear(void);
void latency_add(uint64_t ns);
void watch(const char *pids);
void tally_begin(void);
void tally_end(void);
void report(const char *phase, uint64_t expected);

extern size_t content_size;
extern int server_port;

#endif
