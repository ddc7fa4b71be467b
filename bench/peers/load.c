/* The clients of every gateway: one thread, kept-alive connections, each answer read to its end and checked.
 *
 *     load PORT REQUEST EXPECTED WORD CLIENTS SECONDS MOST RATE
 *
 * REQUEST is a file with a request as it goes over the wire; EXPECTED is text that stands near the end of
 * each answer, WORD text that stands in it sooner (empty: none is looked for). With RATE 0 each of CLIENTS connections asks again as soon as it was answered, until SECONDS
 * are over or MOST requests were sent. With another RATE that many requests a second are sent at their
 * times, answered or not, each on a free one of CLIENTS connections, and what they take counts from the time
 * they were to be sent. Prints one line of JSON: how many were answered and failed, why the first one did,
 * seconds, and microseconds until the first byte of a body, until WORD had come and until the body's end.
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

enum { HEAD = 16 << 10, TAIL = 2048, WORD = 64, PIECE = 256 << 10, READY = 256, WHY = 300, MOST_FAILURES = 100 };

static const long long patience = 30000000000LL; /* for what is under way when the time is up */

/* Where in an answer its reader is. */
enum place { IN_HEAD, BY_LENGTH, SIZE, SIZE_REST, DATA, DATA_END, TRAILER, UNTIL_CLOSED };

struct client {
    int fd, busy;
    size_t sent;
    long long since, first, word; /* when it was asked, and when these had come */
    enum place place;
    long long left; /* of a body or a chunk */
    int line;       /* characters in a trailer's line */
    char head[HEAD + 1], tail[TAIL];
    size_t head_size, tail_size;
};

static struct bytes request;
static const char *expected, *word;
static int port, poller;
static size_t word_size;
static long long begun, until, most, sent, done, failed, *whole, *first, *spoken;
static char why[WHY + 1];

static void watch(struct client *one, int how, unsigned events) {
    struct epoll_event event = {.events = events, .data.ptr = one};
    if (epoll_ctl(poller, how, one->fd, &event)) fail("epoll_ctl");
}

static void dial(struct client *one) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    one->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (one->fd < 0 || connect(one->fd, (struct sockaddr *)&at, sizeof at)) fail("connect");
    setsockopt(one->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    watch(one, EPOLL_CTL_ADD, EPOLLIN);
}

static void redial(struct client *one) {
    close(one->fd);
    dial(one);
}

static void push(struct client *one) {
    while (one->sent < request.size) {
        ssize_t count = send(one->fd, request.at + one->sent, request.size - one->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count < 0 && errno == EAGAIN) {
            watch(one, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
            return;
        }
        if (count < 0) return; /* the reader will see why */
        one->sent += (size_t)count;
    }
    watch(one, EPOLL_CTL_MOD, EPOLLIN);
}

static void ask(struct client *one, long long since) {
    one->busy = 1;
    one->sent = one->head_size = one->tail_size = 0;
    one->place = IN_HEAD;
    one->since = since;
    one->first = one->word = 0;
    sent++;
    push(one);
}

/* ── reading an answer ─────────────────────────────────────────────────── */

/* Whether the word is in these bytes, or begins in those before them. */
static int has_word(struct client *one, const char *data, size_t size) {
    char seam[2 * WORD];
    size_t before = one->tail_size < word_size - 1 ? one->tail_size : word_size - 1;
    size_t after = size < word_size - 1 ? size : word_size - 1;
    memcpy(seam, one->tail + one->tail_size - before, before);
    memcpy(seam + before, data, after);
    return memmem(seam, before + after, word, word_size) || memmem(data, size, word, word_size);
}

static void keep(struct client *one, const char *data, size_t size) {
    if (!one->first && size) one->first = now();
    if (word_size && !one->word && has_word(one, data, size)) one->word = now();
    if (size >= TAIL) {
        memcpy(one->tail, data + size - TAIL, TAIL);
        one->tail_size = TAIL;
        return;
    }
    size_t over = one->tail_size + size > TAIL ? one->tail_size + size - TAIL : 0;
    memmove(one->tail, one->tail + over, one->tail_size - over);
    memcpy(one->tail + one->tail_size - over, data, size);
    one->tail_size += size - over;
}

/* Takes the head's bytes; how many of these were its own. */
static size_t head(struct client *one, const char *data, size_t size) {
    size_t before = one->head_size, room = HEAD - before, more = size < room ? size : room;
    memcpy(one->head + before, data, more);
    one->head_size += more;
    one->head[one->head_size] = 0;
    char *end = strstr(one->head, "\r\n\r\n");
    if (!end) return more;
    end[2] = 0;
    char *told = strcasestr(one->head, "\r\ncontent-length:");
    one->left = told ? strtoll(told + 17, NULL, 10) : 0;
    one->place = told ? BY_LENGTH : strcasestr(one->head, "\r\ntransfer-encoding: chunked") ? SIZE : UNTIL_CLOSED;
    return (size_t)(end + 4 - one->head) - before;
}

static int digit(char at) {
    return at >= '0' && at <= '9' ? at - '0' : (at | 32) >= 'a' && (at | 32) <= 'f' ? (at | 32) - 'a' + 10 : -1;
}

/* One character of what frames chunks; whether it was the answer's last. */
static int frame(struct client *one, char at) {
    switch (one->place) {
    case SIZE:
        if (digit(at) >= 0) one->left = one->left * 16 + digit(at);
        else one->place = SIZE_REST;
        return 0;
    case SIZE_REST:
        if (at != '\n') return 0;
        one->place = one->left ? DATA : TRAILER;
        one->line = 0;
        return 0;
    case DATA_END:
        if (at == '\n') one->place = SIZE;
        return 0;
    default: /* TRAILER: lines, until an empty one */
        if (at == '\n' && !one->line) return 1;
        one->line = at == '\n' ? 0 : one->line + (at != '\r');
        return 0;
    }
}

/* Whether the answer is at its end. */
static int read_answer(struct client *one, const char *data, size_t size) {
    while (size) {
        size_t taken = 1;
        if (one->place == IN_HEAD) {
            taken = head(one, data, size);
            if (!taken) return 1; /* a head of more than 16 KiB: judged as it is */
        } else if (one->place == UNTIL_CLOSED) {
            keep(one, data, taken = size);
        } else if (one->place == BY_LENGTH || one->place == DATA) {
            taken = (long long)size < one->left ? size : (size_t)one->left;
            keep(one, data, taken);
            one->left -= (long long)taken;
            if (!one->left && one->place == DATA) one->place = DATA_END;
        } else if (frame(one, *data)) {
            return 1;
        }
        data += taken;
        size -= taken;
        if (one->place == BY_LENGTH && !one->left) return 1;
    }
    return 0;
}

static void note(struct client *one, const char *what) {
    if (failed++) return;
    int size = snprintf(why, sizeof why, "%s: %.60s", what, one->head_size ? one->head : "");
    size_t room = size < WHY ? WHY - (size_t)size : 0, more = one->tail_size < room ? one->tail_size : room;
    if (size < WHY) memcpy(why + size, one->tail, more);
    why[size < WHY ? (size_t)size + more : WHY] = 0;
}

static void finish(struct client *one) {
    one->busy = 0;
    int closing = one->place == UNTIL_CLOSED || strcasestr(one->head, "\r\nconnection: close");
    if (strncmp(one->head, "HTTP/1.1 200", 12)) note(one, "not a 200");
    else if (!memmem(one->tail, one->tail_size, expected, strlen(expected))) note(one, "not what was expected");
    else if (word_size && !one->word) note(one, "without its first word");
    else {
        whole[done] = now() - one->since;
        spoken[done] = word_size ? one->word - one->since : 0;
        first[done++] = one->first - one->since;
    }
    if (closing) redial(one);
}

static void hear(struct client *one) {
    static char piece[PIECE];
    ssize_t count = recv(one->fd, piece, PIECE, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count > 0) {
        if (one->busy && read_answer(one, piece, (size_t)count)) finish(one);
        return;
    }
    if (one->busy && one->place == UNTIL_CLOSED) finish(one);
    else {
        if (one->busy) note(one, "closed before its end");
        one->busy = 0;
        redial(one);
    }
}

/* ── asking ────────────────────────────────────────────────────────────── */

static int over(void) {
    return sent >= most || failed >= MOST_FAILURES || now() >= until;
}

static int busy(struct client *clients, int count) {
    int found = 0;
    for (int at = 0; at < count; at++) found += clients[at].busy;
    return found;
}

static void wait_and_hear(int milliseconds) {
    struct epoll_event ready[READY];
    int count = epoll_wait(poller, ready, READY, milliseconds);
    if (count < 0 && errno != EINTR) fail("epoll_wait");
    for (int at = 0; at < count; at++) {
        struct client *one = ready[at].data.ptr;
        if (!one) continue; /* the timer */
        if (ready[at].events & EPOLLOUT) push(one);
        if (ready[at].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) hear(one);
        if (!one->busy && until && !over()) ask(one, now());
    }
}

static void drain(struct client *clients, int count) {
    long long end = now() + patience;
    until = 0; /* no more are sent */
    while (busy(clients, count) && now() < end) wait_and_hear(100);
}

/* Starts are spread over some milliseconds, so that streams are not in step. */
static void closed_loop(struct client *clients, int count) {
    long long step = 5000000LL / count;
    for (int at = 0; at < count && !over(); at++) {
        ask(&clients[at], now());
        if (count > 1) nanosleep(&(struct timespec){.tv_nsec = step}, NULL);
    }
    while (!over()) wait_and_hear(20);
    drain(clients, count);
}

static void open_loop(struct client *clients, int count, double rate) {
    long long end = until, numbers = 0, due = begun;
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    if (timer < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, timer, &event)) fail("timerfd");
    for (until = 0; due < end && sent < most && failed < MOST_FAILURES;) {
        struct client *idle = NULL;
        for (int at = 0; at < count && !idle; at++)
            if (!clients[at].busy) idle = &clients[at];
        if (idle && now() >= due) {
            ask(idle, due);
            due = begun + (long long)((double)++numbers * 1e9 / rate);
            struct itimerspec at = {.it_value = {.tv_sec = due / 1000000000LL, .tv_nsec = due % 1000000000LL}};
            if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL)) fail("timerfd");
        } else {
            wait_and_hear(1000);
        }
        if (now() > end + patience) break;
    }
    drain(clients, count);
}

/* ── telling ───────────────────────────────────────────────────────────── */

static int by_size(const void *one, const void *other) {
    long long left = *(const long long *)one, right = *(const long long *)other;
    return (left > right) - (left < right);
}

static double part(long long *ordered, double share) {
    return done ? (double)ordered[(long long)((double)(done - 1) * share)] / 1000 : 0;
}

static void tell(double seconds, int unfinished) {
    for (char *at = why; *at; at++)
        if (*at == '"' || *at == '\\' || *at < ' ' || *at > '~') *at = ' ';
    qsort(whole, (size_t)done, sizeof *whole, by_size);
    qsort(first, (size_t)done, sizeof *first, by_size);
    qsort(spoken, (size_t)done, sizeof *spoken, by_size);
    printf("{\"done\": %lld, \"failed\": %lld, \"unfinished\": %d, \"why\": \"%s\", \"seconds\": %.6f, ", done, failed,
           unfinished, why, seconds);
    printf("\"p50\": %.1f, \"p99\": %.1f, \"first_p50\": %.1f, \"word_p50\": %.1f}\n", part(whole, .5),
           part(whole, .99), part(first, .5), part(spoken, .5));
}

int main(int count, char **words) {
    if (count != 9 || strlen(words[4]) > WORD) {
        fprintf(stderr, "usage: load PORT REQUEST EXPECTED WORD CLIENTS SECONDS MOST RATE\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    port = atoi(words[1]);
    request = file(words[2]);
    expected = words[3];
    word = words[4];
    word_size = strlen(word);
    int many = atoi(words[5]);
    most = atoll(words[7]);
    struct client *clients = calloc((size_t)many, sizeof *clients);
    whole = calloc((size_t)most, sizeof *whole);
    first = calloc((size_t)most, sizeof *first);
    poller = epoll_create1(EPOLL_CLOEXEC);
    spoken = calloc((size_t)most, sizeof *spoken);
    if (many < 1 || most < 1 || !clients || !whole || !first || !spoken || poller < 0) fail("load");
    for (int at = 0; at < many; at++) dial(&clients[at]);
    begun = now();
    until = begun + (long long)(atof(words[6]) * 1e9);
    double rate = atof(words[8]);
    if (rate > 0) open_loop(clients, many, rate);
    else closed_loop(clients, many);
    tell((double)(now() - begun) / 1e9, busy(clients, many));
}
