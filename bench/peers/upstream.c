/* The provider behind every gateway: one thread, fixed answers, a few microseconds of CPU for each.
 *
 *     upstream FOLDER
 *
 * Listens on a free port of 127.0.0.1 and prints it. FOLDER holds the answers as they go over the wire:
 * openai.whole, openai.burst, openai.paced, and the same for anthropic. A path that ends in /messages is
 * Anthropic's, any other OpenAI's. The request's model tells the kind: bench-whole, bench-burst,
 * bench-paced (an event every 2 ms) or bench-slow (the same, one every 50 ms). A .paced file is a row of
 * pieces, each behind its length in four bytes, little-endian. Ends when its standard input does.
 */
#include "common.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { MOST_REQUEST = 4 << 20, ROOM = 64 << 10, READY = 512, PACES = 2 };

static const long long pace[PACES] = {2000000LL, 50000000LL}; /* nanoseconds from event to event */

struct dialect {
    struct bytes whole, burst, paced;
} openai, anthropic;

struct connection {
    int fd, closed, waiting; /* waiting: its next event is in a line */
    unsigned char *got;
    size_t size, room;
    struct bytes rest;    /* of an answer that did not fit into the socket */
    struct bytes pieces;  /* of a stream, not sent yet */
    int speed;            /* which line */
    long long due;
    struct connection *next;
};

/* Streams of one pace: due in the order in which they entered. */
static struct line {
    struct connection *first, *last;
} lines[PACES];

static int poller, timer;
static struct connection listener = {.fd = -1}, clock_ = {.fd = -1}, input = {.fd = -1};

static struct bytes answer_of(const char *folder, const char *dialect, const char *kind) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.%s", folder, dialect, kind);
    return file(path);
}

static void load(struct dialect *into, const char *folder, const char *name) {
    into->whole = answer_of(folder, name, "whole");
    into->burst = answer_of(folder, name, "burst");
    into->paced = answer_of(folder, name, "paced");
}

static void watch(struct connection *one, int how, unsigned events) {
    struct epoll_event event = {.events = events, .data.ptr = one};
    if (epoll_ctl(poller, how, one->fd, &event)) fail("epoll_ctl");
}

static void let_go(struct connection *one) {
    if (one->fd >= 0) close(one->fd);
    one->fd = -1;
    one->closed = 1;
    if (one->waiting) return; /* freed when its turn comes */
    free(one->got);
    free(one);
}

/* Sends what it can; 0 where the connection is no more. */
static int say(struct connection *one, struct bytes what) {
    while (what.size) {
        ssize_t sent = send(one->fd, what.at, what.size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && errno != EAGAIN) {
            let_go(one);
            return 0;
        }
        if (sent < 0) {
            one->rest = what;
            watch(one, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
            return 1;
        }
        what.at += sent;
        what.size -= (size_t)sent;
    }
    if (one->rest.size) watch(one, EPOLL_CTL_MOD, EPOLLIN);
    one->rest.size = 0;
    return 1;
}

/* ── streams ───────────────────────────────────────────────────────────── */

static void alarm_at_next(void) {
    long long due = 0;
    for (int speed = 0; speed < PACES; speed++)
        if (lines[speed].first && (!due || lines[speed].first->due < due)) due = lines[speed].first->due;
    struct itimerspec at = {.it_value = {.tv_sec = due / 1000000000LL, .tv_nsec = due % 1000000000LL}};
    if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL)) fail("timerfd_settime");
}

static void enter(struct connection *one, long long due) {
    struct line *line = &lines[one->speed];
    one->due = due;
    one->waiting = 1;
    one->next = NULL;
    if (line->last) line->last->next = one;
    else line->first = one;
    line->last = one;
}

/* The next event of a stream, and its turn for the one after it. */
static void event(struct connection *one, long long due) {
    if (!one->rest.size) { /* else the reader is slow: later */
        unsigned char *at = one->pieces.at;
        struct bytes piece = {at + 4, at[0] | (size_t)at[1] << 8 | (size_t)at[2] << 16 | (size_t)at[3] << 24};
        one->pieces.at += 4 + piece.size;
        one->pieces.size -= 4 + piece.size;
        if (!say(one, piece)) return;
    }
    if (one->pieces.size) enter(one, due + pace[one->speed]);
}

static void events_due(void) {
    long long at = now();
    for (int speed = 0; speed < PACES; speed++) {
        struct line *line = &lines[speed];
        while (line->first && line->first->due <= at) {
            struct connection *one = line->first;
            line->first = one->next;
            if (!line->first) line->last = NULL;
            one->waiting = 0;
            if (one->closed) let_go(one);
            else event(one, one->due);
        }
    }
    alarm_at_next();
}

/* ── requests ──────────────────────────────────────────────────────────── */

static void answer(struct connection *one, size_t head) {
    unsigned char *path_end = memmem(one->got, head, " HTTP/1.", 8);
    size_t path = path_end ? (size_t)(path_end - one->got) : 0;
    struct dialect *said = path > 9 && !memcmp(path_end - 9, "/messages", 9) ? &anthropic : &openai;
    unsigned char *model = memmem(one->got + head, one->size - head, "bench-", 6);
    int kind = model && model + 6 < one->got + one->size ? model[6] : 'w';
    one->size = 0;
    if (kind == 'p' || kind == 's') {
        int idle = !lines[0].first && !lines[1].first;
        one->speed = kind == 's';
        one->pieces = said->paced;
        event(one, now());
        if (idle) alarm_at_next();
        else if (kind == 'p' && lines[0].first == lines[0].last) alarm_at_next();
    } else {
        say(one, kind == 'b' ? said->burst : said->whole);
    }
}

/* How long the head is, with the body's size in `body`; 0 while it is not all there. */
static size_t head_of(struct connection *one, long long *body) {
    unsigned char *end = memmem(one->got, one->size, "\r\n\r\n", 4);
    if (!end) return 0;
    *end = 0; /* for the search in text */
    char *told = strcasestr((char *)one->got, "\r\ncontent-length:");
    *body = told ? strtoll(told + 17, NULL, 10) : 0;
    if (!told && strcasestr((char *)one->got, "\r\ntransfer-encoding: chunked")) *body = -1;
    *end = '\r';
    return (size_t)(end - one->got) + 4;
}

static int complete(struct connection *one, size_t head, long long body) {
    if (body < 0) return one->size >= head + 5 && !memcmp(one->got + one->size - 5, "0\r\n\r\n", 5);
    return one->size >= head + (size_t)body;
}

static void hear(struct connection *one) {
    if (one->room - one->size < ROOM) {
        one->room = one->room ? one->room * 2 : 2 * ROOM;
        one->got = one->room > MOST_REQUEST ? NULL : realloc(one->got, one->room);
        if (!one->got) fail("a request of more than 4 MiB");
    }
    ssize_t read = recv(one->fd, one->got + one->size, one->room - one->size, 0);
    if (read < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (read <= 0) {
        let_go(one);
        return;
    }
    one->size += (size_t)read;
    long long body;
    size_t head = head_of(one, &body);
    if (head && complete(one, head, body)) answer(one, head);
}

static void welcome(void) {
    for (int fd; (fd = accept4(listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        struct connection *one = calloc(1, sizeof *one);
        if (!one) fail("calloc");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        one->fd = fd;
        watch(one, EPOLL_CTL_ADD, EPOLLIN);
    }
}

static void serve(void) {
    struct epoll_event ready[READY];
    for (;;) {
        int count = epoll_wait(poller, ready, READY, -1), due = 0;
        if (count < 0 && errno != EINTR) fail("epoll_wait");
        for (int at = 0; at < count; at++) {
            struct connection *one = ready[at].data.ptr;
            if (one == &input) exit(0);
            if (one == &listener) welcome();
            else if (one == &clock_) due = 1;
            else if (!(ready[at].events & EPOLLOUT) || say(one, one->rest))
                if (ready[at].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) hear(one);
        }
        if (due) { /* last: it may free connections */
            unsigned long long times;
            if (read(timer, &times, sizeof times) < 0 && errno != EAGAIN) fail("timerfd");
            events_due();
        }
    }
}

static void listen_on_free_port(void) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    listener.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener.fd < 0 || bind(listener.fd, (struct sockaddr *)&at, size) || listen(listener.fd, 4096))
        fail("listen");
    getsockname(listener.fd, (struct sockaddr *)&at, &size);
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
}

int main(int count, char **words) {
    if (count != 2) {
        fprintf(stderr, "usage: upstream FOLDER\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    load(&openai, words[1], "openai");
    load(&anthropic, words[1], "anthropic");
    poller = epoll_create1(EPOLL_CLOEXEC);
    clock_.fd = timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    input.fd = STDIN_FILENO;
    watch(&clock_, EPOLL_CTL_ADD, EPOLLIN);
    watch(&input, EPOLL_CTL_ADD, EPOLLIN);
    listen_on_free_port();
    watch(&listener, EPOLL_CTL_ADD, EPOLLIN);
    serve();
}
