/* WebSocket frames (RFC 6455) as a client writes and reads them. No extensions, no fragments of its own. */
#include "load.h"

#include <string.h>

size_t ws_handshake(const struct link *link, int port, char *out, size_t room) {
  char bearer[160] = "", subprotocol[64] = "";
  if (*link->token && *link->token != '-') snprintf(bearer, sizeof bearer, "Authorization: Bearer %s\r\n", link->token);
  if (dialect->subprotocol)
    snprintf(subprotocol, sizeof subprotocol, "Sec-WebSocket-Protocol: %s\r\n", dialect->subprotocol);
  return (size_t)snprintf(out, room,
                          "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Key: bG9hZCBnZW5lcmF0b3IuLg==\r\nSec-WebSocket-Version: 13\r\n%s%s\r\n",
                          dialect->path, port, bearer, subprotocol);
}

void ws_say(struct link *link, const char *text, size_t length, int opcode) {
  static char frame[128 * 1024];
  static uint32_t mask = 0x5bd1e995;
  size_t at = 0;
  mask = mask * 1664525u + 1013904223u;
  frame[at++] = (char)(0x80 | opcode);
  if (length < 126) frame[at++] = (char)(0x80 | length);
  else {
    frame[at++] = (char)(0x80 | 126);
    frame[at++] = (char)(length >> 8);
    frame[at++] = (char)length;
  }
  memcpy(frame + at, &mask, 4);
  const char *key = frame + at;
  at += 4;
  for (size_t i = 0; i < length; i++) frame[at + i] = (char)(text[i] ^ key[i & 3]);
  link_write(link, frame, at + length);
  link->spoke_at = now_ns();
}

/* Hands every whole frame on, and returns how many bytes were used up. */
size_t ws_read(struct link *link, const char *data, size_t length, uint64_t now) {
  size_t used = 0;
  while (length - used >= 2) {
    const uint8_t *frame = (const uint8_t *)data + used;
    size_t left = length - used, head = 2;
    uint64_t size = frame[1] & 0x7f;
    if (size == 126) {
      if (left < 4) break;
      size = (uint64_t)frame[2] << 8 | frame[3];
      head = 4;
    } else if (size == 127) {
      if (left < 10) break;
      size = 0;
      for (int i = 2; i < 10; i++) size = size << 8 | frame[i];
      head = 10;
    }
    if (left < head + size) break;
    int opcode = frame[0] & 15;
    used += head + size;
    if (opcode == 8) {
      fprintf(stderr, "closed by the server: code %d, %.*s\n", size >= 2 ? frame[head] << 8 | frame[head + 1] : 0,
              (int)(size >= 2 ? size - 2 : 0), (const char *)frame + head + 2);
      link_drop(link);
      return length;
    }
    if (opcode == 9) ws_say(link, (const char *)frame + head, size, 10);
    if (opcode <= 2) heard_text(link, (const char *)frame + head, size, now);
    if (link->state == CLOSED) return length;
  }
  return used;
}
