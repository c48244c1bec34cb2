/* Histogram, CPU times, and the line of JSON that answers a command. */
#include "load.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* 64 steps for every power of two: 1.6 % at most from the true value. */
#define STEPS 64
#define POWERS 44
static uint64_t counts[STEPS * POWERS], total, longest;
static int watched[64], watched_count;
static double server_at, load_at;

void latency_clear(void) {
  memset(counts, 0, sizeof counts);
  total = longest = 0;
}

void latency_add(uint64_t ns) {
  uint64_t power = ns < STEPS ? 0 : 63 - __builtin_clzll(ns) - 5;
  uint64_t step = power ? (ns >> (power - 1)) - STEPS : ns;
  uint64_t at = power * STEPS + step;
  counts[at < STEPS * POWERS ? at : STEPS * POWERS - 1]++;
  total++;
  if (ns > longest) longest = ns;
}

static double percentile_ms(double share) {
  uint64_t rank = (uint64_t)(share * (double)total), seen = 0;
  for (size_t at = 0; at < STEPS * POWERS; at++) {
    seen += counts[at];
    if (seen > rank) {
      uint64_t power = at / STEPS, step = at % STEPS;
      uint64_t ns = power ? (step + STEPS) << (power - 1) : step;
      return (double)(ns < longest ? ns : longest) / 1e6;
    }
  }
  return (double)longest / 1e6;
}

void watch(const char *pids) {
  char *end;
  for (watched_count = 0; *pids && watched_count < 64; pids = *end ? end + 1 : end)
    watched[watched_count++] = (int)strtol(pids, &end, 10);
}

/* User and system time of the watched processes, their threads included. */
static double server_cpu(void) {
  double ticks = 0;
  for (int i = 0; i < watched_count; i++) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", watched[i]);
    FILE *file = fopen(path, "r");
    if (!file) continue;
    size_t length = fread(text, 1, sizeof text - 1, file);
    text[length] = 0;
    fclose(file);
    unsigned long user, system;
    char *rest = strrchr(text, ')'); /* a program's name may hold anything */
    if (rest && sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) == 2)
      ticks += (double)(user + system);
  }
  return ticks / (double)sysconf(_SC_CLK_TCK);
}

static double load_cpu(void) {
  struct rusage use;
  getrusage(RUSAGE_SELF, &use);
  return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) + (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

void tally_begin(void) {
  memset(&tally, 0, sizeof tally);
  latency_clear();
  server_at = server_cpu();
  load_at = load_cpu();
  tally.began = now_ns();
}

void tally_end(void) {
  tally.ended = now_ns();
  tally.server_cpu = server_cpu() - server_at;
  tally.load_cpu = load_cpu() - load_at;
}

/* How many different orders the connections heard: 1 where all heard the same. */
static int orders(void) {
  uint64_t seen[16];
  int count = 0;
  for (int i = 0; i < link_count && count < 16; i++) {
    if (!links[i].heard) continue;
    int at = 0;
    while (at < count && seen[at] != links[i].order) at++;
    if (at == count) seen[count++] = links[i].order;
  }
  return count;
}

/* The share of the time in which there was something to do: looking whether there is takes the rest. */
static double worked_share(double seconds) {
  double worked = seconds - (double)tally.waited / 1e9;
  return worked > 0 ? worked / seconds : 0.0;
}

void report(const char *phase, uint64_t expected) {
  double seconds = (double)(tally.ended - tally.began) / 1e9;
  printf("{\"phase\":\"%s\",\"connections\":%d,\"messages\":%u,\"done\":%u,\"expected\":%llu,\"deliveries\":%llu,\"acks\":%llu,"
         "\"gaps\":%llu,\"doubles\":%llu,\"orders\":%d,\"refused\":%llu,\"lost_links\":%llu,\"bytes_in\":%llu,"
         "\"seconds\":%.6f,\"server_cpu_s\":%.3f,\"load_cpu_s\":%.3f,\"load_share\":%.3f,"
         "\"ms\":{\"p50\":%.4f,\"p90\":%.4f,\"p99\":%.4f,\"p999\":%.4f,\"max\":%.4f}}\n",
         phase, ready_count, tally.sent, tally.done, (unsigned long long)expected, (unsigned long long)tally.deliveries,
         (unsigned long long)tally.acks, (unsigned long long)tally.gaps, (unsigned long long)tally.doubles, orders(),
         (unsigned long long)tally.refused, (unsigned long long)lost_links, (unsigned long long)tally.bytes_in, seconds,
         tally.server_cpu, tally.load_cpu, worked_share(seconds), percentile_ms(.5),
         percentile_ms(.9), percentile_ms(.99), percentile_ms(.999), (double)longest / 1e6);
  fflush(stdout);
}
