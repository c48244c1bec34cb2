/* Connections, epoll, bytes in and out. One thread; nothing here knows what a phase measures. */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define CHUNK (1 << 20)
#define SPEAKS_EVERY (15 * SECOND) /* servers drop who is silent for 40 s or so */

struct link *links;
int link_count, ready_count, server_port;
uint64_t lost_links;
size_t content_size = 60;
const struct dialect *dialect;
struct tally tally;
void (*on_text)(struct link *, const char *, size_t, uint64_t);
void (*on_answer)(struct link *, int, const char *, size_t, uint64_t);
static int poll_fd, opening;

uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

void buffer_add(struct buffer *buffer, const char *data, size_t length) {
  if (buffer->length + length > buffer->room) {
    buffer->room = (buffer->length + length) * 2;
    buffer->data = realloc(buffer->data, buffer->room);
    if (!buffer->data) abort();
  }
  memcpy(buffer->data + buffer->length, data, length);
  buffer->length += length;
}

/* `members`: a file with a line "token room_id" for every connection there will be. */
void loop_open(const char *members, int port) {
  struct rlimit files = {.rlim_cur = 0};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  server_port = port;
  poll_fd = epoll_create1(0);
  FILE *file = fopen(members, "r");
  if (!file) {
    perror(members);
    exit(2);
  }
  struct link link = {.fd = -1, .asked = NONE};
  int room = 0;
  while (fscanf(file, "%95s %ld", link.token, &link.room_id) == 2) {
    if (link_count == room) links = realloc(links, sizeof *links * (size_t)(room = room ? room * 2 : 1024));
    link.number = link_count;
    links[link_count++] = link;
  }
  fclose(file);
}

static void interest(struct link *link) {
  struct epoll_event event = {.events = EPOLLIN | (link->wants_out ? EPOLLOUT : 0), .data.ptr = link};
  epoll_ctl(poll_fd, EPOLL_CTL_MOD, link->fd, &event);
}

void link_drop(struct link *link) {
  if (link->state == CLOSED) return;
  if (link->state == READY) ready_count--;
  else opening--;
  lost_links++;
  close(link->fd);
  link->state = CLOSED;
  link->in.length = link->out.length = 0;
}

void link_write(struct link *link, const char *data, size_t length) {
  if (link->state == CLOSED) return;
  if (!link->out.length) {
    ssize_t sent = send(link->fd, data, length, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return link_drop(link);
    if (sent > 0) data += sent, length -= (size_t)sent;
    if (!length) return;
  }
  buffer_add(&link->out, data, length);
  if (!link->wants_out) link->wants_out = true, interest(link);
}

static void ready(struct link *link) {
  link->state = READY;
  ready_count++;
  opening--;
}

/* Until a member is in the room, every text is about getting in. */
static void joining(struct link *link, const char *text, size_t length) {
  char out[512], first[64] = "";
  memcpy(first, text, length < 63 ? length : 63);
  if (dialect->ready && memmem(text, length, dialect->ready, strlen(dialect->ready))) return ready(link);
  size_t size = dialect->greet ? dialect->greet(link, first, out, sizeof out) : 0;
  if (size) ws_say(link, out, size, dialect->binary ? 2 : 1);
}

static size_t shaking(struct link *link, const char *data, size_t length) {
  const char *end = memmem(data, length, "\r\n\r\n", 4);
  if (!end) return 0;
  if (length < 12 || memcmp(data + 9, "101", 3)) {
    fprintf(stderr, "no upgrade: %.*s\n", 40, data);
    link_drop(link);
    return length;
  }
  link->state = JOINING;
  char out[512];
  size_t size = dialect->greet ? dialect->greet(link, NULL, out, sizeof out) : 0;
  if (size) ws_say(link, out, size, dialect->binary ? 2 : 1);
  if (!dialect->ready) ready(link);
  return (size_t)(end + 4 - data);
}

void heard_text(struct link *link, const char *text, size_t length, uint64_t now) {
  if (link->state == JOINING) return joining(link, text, length);
  /* Heartbeats of Engine.IO and of NATS; Backchannel's are answered by keep_alive. */
  if (length == 1 && *text == '2') return ws_say(link, "3", 1, 1);
  if (dialect->binary && length >= 6 && !memcmp(text, "PING\r\n", 6)) ws_say(link, "PONG\r\n", 6, 2);
  if (on_text) on_text(link, text, length, now);
}

static size_t take(struct link *link, const char *data, size_t length, uint64_t now) {
  size_t used = 0;
  if (!dialect->path) return http_read(link, data, length, now);
  if (link->state == SHAKING) used = shaking(link, data, length);
  if (link->state == JOINING || link->state == READY) used += ws_read(link, data + used, length - used, now);
  return link->state == CLOSED ? length : used;
}

static void readable(struct link *link) {
  static char chunk[CHUNK];
  ssize_t got = recv(link->fd, chunk, sizeof chunk, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) return link_drop(link);
  uint64_t now = now_ns();
  tally.bytes_in += (uint64_t)got;
  if (!link->in.length) {
    size_t used = take(link, chunk, (size_t)got, now);
    if (link->state != CLOSED && used < (size_t)got) buffer_add(&link->in, chunk + used, (size_t)got - used);
    return;
  }
  buffer_add(&link->in, chunk, (size_t)got);
  size_t used = take(link, link->in.data, link->in.length, now);
  if (link->state == CLOSED) return;
  link->in.length -= used;
  memmove(link->in.data, link->in.data + used, link->in.length);
}

static void writable(struct link *link) {
  if (link->state == CONNECTING) {
    link->state = dialect->path ? SHAKING : READY;
    link->wants_out = false;
    interest(link);
    if (!dialect->path) return ready(link);
    char out[1024];
    return link_write(link, out, ws_handshake(link, server_port, out, sizeof out));
  }
  ssize_t sent = send(link->fd, link->out.data, link->out.length, MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN ? (void)0 : link_drop(link);
  link->out.length -= (size_t)sent;
  memmove(link->out.data, link->out.data + sent, link->out.length);
  if (!link->out.length) link->wants_out = false, interest(link);
}

/* Handle what happens until something did, or `until` comes. It looks again and again and never sleeps: to wake a reader on the
   same machine would be part of each server's `write`, at times the greater part, which no reader elsewhere costs it. */
void loop_turn(uint64_t until) {
  struct epoll_event events[256];
  int count;
  for (uint64_t from = now_ns(), now; !(count = epoll_wait(poll_fd, events, 256, 0)); from = now) {
    now = now_ns();
    tally.waited += now - from;
    if (now >= until) return;
  }
  for (int i = 0; i < count; i++) {
    struct link *link = events[i].data.ptr;
    if (link->state != CLOSED && events[i].events & EPOLLOUT) writable(link);
    if (link->state != CLOSED && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) readable(link);
  }
}

static void begin(struct link *link) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)server_port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  link->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int yes = 1;
  setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  connect(link->fd, (struct sockaddr *)&address, sizeof address);
  link->state = CONNECTING;
  link->wants_out = true;
  link->asked = NONE;
  opening++;
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = link};
  epoll_ctl(poll_fd, EPOLL_CTL_ADD, link->fd, &event);
}

/* Connect the first `count` members, no more than `at_once` of them at a time; whether all got in. */
bool loop_connect(int count, int at_once, double patience) {
  uint64_t limit = now_ns() + (uint64_t)(patience * 1e9);
  int next = 0;
  while (ready_count < count && now_ns() < limit) {
    for (; next < count && next < link_count && opening < at_once; next++)
      if (links[next].state == CLOSED) begin(&links[next]);
    if (!opening && next >= count) break;
    loop_turn(now_ns() + SECOND / 10);
  }
  return ready_count >= count;
}

/* Say something on every link that was silent for long. */
void keep_alive(uint64_t now) {
  static uint64_t next;
  if (now < next || strcmp(dialect->name, "backchannel")) return;
  next = now + SECOND;
  for (int i = 0; i < link_count; i++)
    if (links[i].state == READY && now - links[i].spoke_at > SPEAKS_EVERY) ws_say(&links[i], "{\"type\":\"pong\"}", 15, 1);
}
