/* What both programs need: giving up, the time, and files that are read whole. To be included first. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct bytes {
    unsigned char *at;
    size_t size;
};

static void fail(const char *what) {
    perror(what);
    exit(1);
}

/* Nanoseconds, on a clock that is never set. */
static long long now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * 1000000000LL + at.tv_nsec;
}

static struct bytes file(const char *path) {
    FILE *opened = fopen(path, "rb");
    if (!opened || fseek(opened, 0, SEEK_END)) fail(path);
    struct bytes read = {.size = (size_t)ftell(opened)};
    rewind(opened);
    read.at = malloc(read.size);
    if (!read.at || fread(read.at, 1, read.size, opened) != read.size) fail(path);
    fclose(opened);
    return read;
}
