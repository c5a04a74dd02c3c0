// A client that asks as fast as it can, or at a pace, and notes what became of every request.
//
//   flood [-c CONNECTIONS] [-d DEPTH] [-r RATE] [-t SECONDS] [-n REQUESTS] [-a COUNT] [-e EVERY] [-w WORDS]
//         [-o RECORDS] -f TEMPLATE PORT...
//
// The connections are dealt out to the ports of 127.0.0.1. On each, DEPTH requests are under way at once
// (pipelined). RATE is in requests a second over all connections; without it the next one follows at once.
//
// In the template, {address} is an IPv4 address that changes with each request (COUNT of them from 11.0.0.0
// on) and {word} the next line of WORDS; both begin anew after the last. With -e, each EVERYth request has the
// address 192.0.2.1 instead: of one who asks steadily among all of these.
//
// RECORDS gets 16 bytes for each request, in this machine's order: when it was sent (CLOCK_MONOTONIC, ns, 64
// bits), how long until its answer was whole (µs, 32 bits), the status (16 bits, 0 when there was none) and
// the connection (16 bits). A connection that ends is made anew.
//
// It prints one JSON object: the statuses and how often each came.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_DEPTH = 256, IN_SIZE = 256 * 1024, OUT_SIZE = 512 * 1024, LONGEST_REQUEST = 8192 };
enum state { DOWN, CONNECTING, OPEN };

struct connection {
    int number, port, socket;
    enum state state;
    int64_t retry_at;
    // The requests under way, oldest first, from `first` on.
    int first, under_way;
    int64_t sent[MOST_DEPTH];
    size_t in_length, out_sent, out_length;
    char in[IN_SIZE], out[OUT_SIZE];
};

static char *template, **words;
static size_t word_count, next_word;
static uint32_t address_count = 1, next_address;
static uint64_t every, asked;
static int depth = 1, poller;
static int64_t interval, next_send, deadline = INT64_MAX;
static uint64_t left = UINT64_MAX, statuses[600], failed;
static FILE *records;

static void fail(const char *what) {
    fprintf(stderr, "flood: ");
    perror(what);
    exit(1);
}

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static char *read_file(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    char *text = NULL;
    size_t size = 0;
    if (getdelim(&text, &size, 0, file) < 0) fail(path);
    fclose(file);
    return text;
}

static void note(struct connection *c, int status, int64_t time) {
    int64_t sent = c->sent[c->first];
    c->first = (c->first + 1) % MOST_DEPTH;
    c->under_way--;
    if (status) statuses[status]++;
    else failed++;
    if (!records) return;
    struct {
        int64_t sent;
        uint32_t latency;
        uint16_t status, connection;
    } record = {sent, (time - sent) / 1000, status, c->number};
    if (fwrite(&record, sizeof record, 1, records) != 1) fail("records");
}

static void drop(struct connection *c) {
    int64_t time = now();
    while (c->under_way > 0) note(c, 0, time);
    if (c->socket >= 0) close(c->socket);
    c->socket = -1;
    c->state = DOWN;
    c->retry_at = time + 10000000;
    c->in_length = c->out_length = c->out_sent = 0;
}

static void watch(struct connection *c, int operation) {
    int writes = c->state == CONNECTING || c->out_length > 0;
    struct epoll_event e = {.events = EPOLLIN | (writes ? EPOLLOUT : 0), .data.ptr = c};
    if (epoll_ctl(poller, operation, c->socket, &e) < 0) fail("epoll_ctl");
}

static void open_connection(struct connection *c) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(c->port)};
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (c->socket < 0) fail("socket");
    int on = 1;
    setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(c->socket, (struct sockaddr *)&name, sizeof name) < 0 && errno != EINPROGRESS) return drop(c);
    c->state = CONNECTING;
    watch(c, EPOLL_CTL_ADD);
}

static void append_request(struct connection *c) {
    char *out = c->out + c->out_length;
    for (const char *from = template; *from;) {
        if (strncmp(from, "{address}", 9) == 0 && every && asked % every == 0) {
            out = stpcpy(out, "192.0.2.1");
            from += 9;
        } else if (strncmp(from, "{address}", 9) == 0) {
            uint32_t n = next_address;
            next_address = (next_address + 1) % address_count;
            out += sprintf(out, "%u.%u.%u.%u", 11 + (n >> 24), n >> 16 & 255, n >> 8 & 255, n & 255);
            from += 9;
        } else if (strncmp(from, "{word}", 6) == 0) {
            out = stpcpy(out, words[next_word]);
            next_word = (next_word + 1) % word_count;
            from += 6;
        } else {
            *out++ = *from++;
        }
    }
    c->out_length = out - c->out;
    c->sent[(c->first + c->under_way++) % MOST_DEPTH] = now();
    asked++;
    left--;
}

// Sends what is there; the rest waits for the socket.
static void flush(struct connection *c) {
    while (c->out_sent < c->out_length) {
        ssize_t n = send(c->socket, c->out + c->out_sent, c->out_length - c->out_sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) return watch(c, EPOLL_CTL_MOD);
        if (n < 0) return drop(c);
        c->out_sent += n;
    }
    c->out_sent = c->out_length = 0;
}

static int may_send(struct connection *c) {
    return c->state == OPEN && c->under_way < depth && left > 0 && c->out_length + LONGEST_REQUEST < OUT_SIZE;
}

// Takes the whole answers out of what was received. False when they are none.
static int consume(struct connection *c) {
    char *from = c->in, *end = c->in + c->in_length;
    int64_t time = now();
    for (;;) {
        char *body = memmem(from, end - from, "\r\n\r\n", 4);
        if (!body) break;
        *body = 0;
        body += 4;
        int status = strncmp(from, "HTTP/1.1 ", 9) == 0 ? atoi(from + 9) : 0;
        char *field = strcasestr(from, "\r\ncontent-length:");
        if (status < 200 || status > 599 || !field || c->under_way == 0) return 0;
        size_t length = strtoul(field + 17, NULL, 10);
        if ((size_t)(end - body) < length) {
            body[-4] = '\r';
            break;
        }
        from = body + length;
        note(c, status, time);
    }
    c->in_length = end - from;
    memmove(c->in, from, c->in_length);
    return c->in_length < IN_SIZE;
}

static void receive(struct connection *c) {
    ssize_t n = recv(c->socket, c->in + c->in_length, IN_SIZE - c->in_length, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return drop(c);
    c->in_length += n;
    if (!consume(c)) drop(c);
}

static int has_ended(int64_t time) { return left == 0 || time >= deadline; }

int main(int count, char **arguments) {
    int connection_count = 1, option;
    double seconds = 0, rate = 0;
    while ((option = getopt(count, arguments, "c:d:r:t:n:a:e:w:o:f:")) >= 0) {
        switch (option) {
        case 'c': connection_count = atoi(optarg); break;
        case 'd': depth = atoi(optarg); break;
        case 'r': rate = atof(optarg); break;
        case 't': seconds = atof(optarg); break;
        case 'n': left = strtoull(optarg, NULL, 10); break;
        case 'a': address_count = strtoul(optarg, NULL, 10); break;
        case 'e': every = strtoull(optarg, NULL, 10); break;
        case 'f': template = read_file(optarg); break;
        case 'o':
            if (!(records = fopen(optarg, "w"))) fail(optarg);
            break;
        case 'w':
            words = NULL;
            for (char *word = strtok(read_file(optarg), "\n"); word; word = strtok(NULL, "\n")) {
                words = realloc(words, ++word_count * sizeof *words);
                words[word_count - 1] = word;
            }
            break;
        default: return 2;
        }
    }
    if (!template || optind == count || depth < 1 || depth > MOST_DEPTH || (!seconds && left == UINT64_MAX)) {
        fprintf(stderr, "flood: expected -f TEMPLATE, -t SECONDS or -n REQUESTS, a depth up to 256, and ports\n");
        return 2;
    }
    poller = epoll_create1(EPOLL_CLOEXEC);
    struct connection *connections = calloc(connection_count, sizeof *connections);
    if (poller < 0 || !connections) fail("flood");
    int64_t began = now();
    for (int i = 0; i < connection_count; i++) {
        struct connection *c = &connections[i];
        c->number = i;
        c->port = atoi(arguments[optind + i % (count - optind)]);
        open_connection(c);
    }
    if (seconds) deadline = began + (int64_t)(seconds * 1e9);
    if (rate) interval = 1e9 / rate;
    next_send = began;
    int turn = 0;
    int64_t give_up = INT64_MAX;
    for (;;) {
        int64_t time = now();
        int under_way = 0;
        for (int i = 0; i < connection_count; i++) under_way += connections[i].under_way;
        if (has_ended(time)) {
            if (give_up == INT64_MAX) give_up = time + 10000000000LL;
            if (under_way == 0 || time > give_up) break;
        } else {
            for (int i = 0; i < connection_count; i++) {
                struct connection *c = &connections[i];
                if (c->state == DOWN && time >= c->retry_at) open_connection(c);
            }
            if (interval) {
                // At the pace, as long as a connection is free; what could not be sent is not made up for.
                for (int tried = 0; next_send <= time && tried < connection_count;) {
                    struct connection *c = &connections[turn++ % connection_count];
                    tried++;
                    if (!may_send(c)) continue;
                    append_request(c);
                    flush(c);
                    next_send += interval;
                    tried = 0;
                }
                if (next_send < time) next_send = time;
            } else {
                for (int i = 0; i < connection_count; i++) {
                    struct connection *c = &connections[i];
                    if (!may_send(c)) continue;
                    while (may_send(c)) append_request(c);
                    flush(c);
                }
            }
        }
        // Slept and not spun, however short: the processes under test need the cores.
        struct epoll_event ready[64];
        int64_t wait = 10000000;
        if (interval && next_send - now() < wait) wait = next_send - now();
        struct timespec timeout = {0, wait > 0 ? wait : 0};
        int n = epoll_pwait2(poller, ready, 64, &timeout, NULL);
        for (int i = 0; i < n; i++) {
            struct connection *c = ready[i].data.ptr;
            if (c->state == CONNECTING) {
                int error = 0;
                socklen_t size = sizeof error;
                getsockopt(c->socket, SOL_SOCKET, SO_ERROR, &error, &size);
                if (error) {
                    drop(c);
                    continue;
                }
                c->state = OPEN;
                watch(c, EPOLL_CTL_MOD);
            }
            if (ready[i].events & EPOLLOUT && c->out_length > 0) {
                flush(c);
                if (c->state == OPEN && c->out_length == 0) watch(c, EPOLL_CTL_MOD);
            }
            if (c->state == OPEN && ready[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(c);
        }
    }
    for (int i = 0; i < connection_count; i++)
        if (connections[i].state != DOWN) drop(&connections[i]);
    if (records && fclose(records) != 0) fail("records");
    printf("{\"seconds\":%.6f,\"failed\":%llu,\"statuses\":{", (now() - began) / 1e9, (unsigned long long)failed);
    const char *comma = "";
    for (int status = 0; status < 600; status++) {
        if (!statuses[status]) continue;
        printf("%s\"%d\":%llu", comma, status, (unsigned long long)statuses[status]);
        comma = ",";
    }
    printf("}}\n");
    return 0;
}
