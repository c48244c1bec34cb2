/* What a fan-out cannot be without: one write for each member, and nothing beside it.

       floor PORT

   A member is in the one room as soon as its connection is a WebSocket. What somebody says goes to everybody as a text of the
   length that our server's events have, filled up with blanks: no account, no number, no log, no JSON. Whatever came by the
   time that the writing begins leaves in one write for each member, one frame after the other. Our server gathers while a commit
   is under way; here nothing is, so where several messages came together lately as many are waited for, but no longer than a
   tenth of what the last writing took: a wait that no message feels. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define TEXT 456 /* bytes of an event of ours that says the generator's 60; with the frame's head 460 */
#define FRAME (TEXT + 4)
#define GATHERED (256 * FRAME)
#define READ (16 * 1024)

/* `in` is what came of a request or frame that is not whole yet, `out` what the kernel did not take. */
struct member {
  int fd;
  bool is_in;
  char in[2048];
  size_t in_length;
  char *out;
  size_t out_length;
};

static struct member **members;
static size_t member_count, member_room;
static char gathered[GATHERED];
static size_t gathered_length, before, wanted; /* bytes: now, in the last writing, and in the larger of the last two */
static uint64_t took_ns, write_at;
static int poll_fd;
static bool anybody_left;

/* The generator shakes hands with one key, so there is one answer to it. */
static const char WELCOME[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                              "Sec-WebSocket-Accept: haP0s3ra5UNXGJxIuA4P1JA4ms0=\r\n\r\n\x81\x06joined";

static void watch(struct member *member, int how, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = member};
  epoll_ctl(poll_fd, how, member->fd, &event);
}

static void drop(struct member *member) {
  if (member->fd < 0) return;
  close(member->fd);
  member->fd = -1;
  anybody_left = true;
}

static void write_to(struct member *member, const char *data, size_t length) {
  if (!member->out_length) {
    ssize_t sent = send(member->fd, data, length, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return drop(member);
    if (sent > 0) data += sent, length -= (size_t)sent;
    if (!length) return;
    watch(member, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
  }
  member->out = realloc(member->out, member->out_length + length);
  if (!member->out) abort();
  memcpy(member->out + member->out_length, data, length);
  member->out_length += length;
}

static void write_rest(struct member *member) {
  ssize_t sent = send(member->fd, member->out, member->out_length, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return drop(member);
  if (sent <= 0) return;
  member->out_length -= (size_t)sent;
  memmove(member->out, member->out + sent, member->out_length);
  if (!member->out_length) watch(member, EPOLL_CTL_MOD, EPOLLIN);
}

static uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* Everything that gathered, to everybody who is in. */
static void write_to_all(void) {
  uint64_t began = now_ns();
  for (size_t i = 0; i < member_count; i++)
    if (members[i]->fd >= 0 && members[i]->is_in) write_to(members[i], gathered, gathered_length);
  took_ns = now_ns() - began;
  wanted = gathered_length > before ? gathered_length : before;
  before = gathered_length;
  gathered_length = 0;
}

/* After a turn, when no event names them any more. */
static void forget_who_left(void) {
  size_t kept = 0;
  for (size_t i = 0; i < member_count; i++)
    if (members[i]->fd >= 0) members[kept++] = members[i];
    else free(members[i]->out), free(members[i]);
  member_count = kept;
  anybody_left = false;
}

static void gather(const uint8_t *masked, size_t length, const uint8_t *mask) {
  if (gathered_length + FRAME > GATHERED) write_to_all();
  if (!gathered_length) write_at = now_ns() + took_ns / 10;
  uint8_t *frame = (uint8_t *)gathered + gathered_length;
  frame[0] = 0x81, frame[1] = 126, frame[2] = TEXT >> 8, frame[3] = TEXT & 255;
  memset(frame + 4, ' ', TEXT);
  for (size_t i = 0; i < length && i < TEXT; i++) frame[4 + i] = masked[i] ^ mask[i & 3];
  gathered_length += FRAME;
}

/* Every whole frame; how many bytes were used up. A client's frames are masked, and none is longer than a text of ours. */
static size_t read_frames(struct member *member, const char *data, size_t length) {
  size_t used = 0;
  while (length - used >= 6) {
    const uint8_t *frame = (const uint8_t *)data + used;
    size_t size = frame[1] & 0x7f, head = 6;
    if (size == 126) size = (size_t)frame[2] << 8 | frame[3], head = 8;
    if (size > TEXT || (frame[0] & 15) == 8) return drop(member), length;
    if (length - used < head + size) break;
    if ((frame[0] & 15) == 1) gather(frame + head, size, frame + head - 4);
    used += head + size;
  }
  return used;
}

static void enter(struct member *member) {
  if (!memmem(member->in, member->in_length, "\r\n\r\n", 4)) return;
  member->in_length = 0;
  member->is_in = true;
  write_to(member, WELCOME, sizeof WELCOME - 1);
}

static void readable(struct member *member) {
  static char data[READ + sizeof members[0]->in];
  memcpy(data, member->in, member->in_length);
  size_t room = member->is_in ? READ : sizeof member->in - member->in_length;
  ssize_t got = recv(member->fd, data + member->in_length, room, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) return drop(member);
  size_t length = member->in_length + (size_t)got, used = member->is_in ? read_frames(member, data, length) : 0;
  member->in_length = length - used;
  memcpy(member->in, data + used, member->in_length);
  if (member->fd >= 0 && !member->is_in) enter(member);
}

static void accept_all(int listener) {
  int fd, yes = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct member *member = calloc(1, sizeof *member);
    if (member_count == member_room) members = realloc(members, sizeof *members * (member_room = member_room * 2 + 1024));
    if (!member || !members) abort();
    member->fd = fd;
    members[member_count++] = member;
    watch(member, EPOLL_CTL_ADD, EPOLLIN);
  }
}

static int listen_on(uint16_t port) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), yes = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, SOMAXCONN)) {
    perror("floor");
    exit(2);
  }
  return listener;
}

int main(int count, char **words) {
  if (count != 2) return 2;
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  int listener = listen_on((uint16_t)atoi(words[1]));
  poll_fd = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[256];
  epoll_ctl(poll_fd, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    uint64_t now = now_ns(), wait = write_at > now ? write_at - now : 0;
    struct timespec left = {.tv_nsec = (long)(wait % 1000000000), .tv_sec = (time_t)(wait / 1000000000)};
    int found = epoll_pwait2(poll_fd, events, 256, gathered_length ? &left : NULL, NULL);
    for (int i = 0; i < found; i++) {
      struct member *member = events[i].data.ptr;
      if (!member) accept_all(listener);
      else {
        if (member->fd >= 0 && events[i].events & EPOLLOUT) write_rest(member);
        if (member->fd >= 0 && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) readable(member);
      }
    }
    if (gathered_length && (gathered_length >= wanted || now_ns() >= write_at)) write_to_all();
    if (anybody_left) forget_who_left();
  }
}
