// The upstream of the benchmark: a single-threaded epoll HTTP/1.1 server that costs as little as it can.
//
//   upstream [HOST:PORT]      default 127.0.0.1:0; prints the bound port, then serves until it is ended
//
//   /download?bytes=N         N bytes (default 1 MiB) with Content-Length
//   …?events=N&gap_ms=M       N server-sent events, one each M ms (default 100 and 10); every one carries
//                             the time of its send, CLOCK_MONOTONIC in ns, as "sent_ns"
//   anything else             reads the body, whatever its length or framing, and answers 600 bytes of JSON
//
// It trusts its clients (a load generator and the proxy under test) and stops short of every nicety.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_SIZE = 16 * 1024, OUT_SIZE = 16 * 1024, BLOCK_SIZE = 256 * 1024, STREAMS = 16 * 1024 };

enum input {  // what the next bytes are
    HEAD,
    BODY,            // of body_left bytes
    CHUNK_SIZE,      // up to LF
    CHUNK_DATA,      // of body_left bytes, CRLF included
    CHUNK_TRAILER,   // up to an empty line
};

struct connection {
    int socket;
    enum input input;
    int answering;           // an answer is being sent: requests behind it wait in `head`
    int closing;             // the client asked to close after the answer
    int waits_for_output;    // EPOLLOUT is registered
    uint64_t body_left;
    int line_length;         // of the chunk-size or trailer line being read
    char target[1024];
    size_t head_length;
    char head[HEAD_SIZE];
    size_t out_sent, out_length;
    char out[OUT_SIZE];
    uint64_t download_left;
    // A stream: its place in `streams`, or -1.
    int stream;
    uint64_t events_left;
    int64_t gap, next_event;
    struct connection *next_closed;
};

static int poller;
static char block[BLOCK_SIZE];      // what downloads are made of
static char received[BLOCK_SIZE];
static char small_answer[1024];
static size_t small_answer_length;
static struct connection *streams[STREAMS];
static int stream_count;
static unsigned stream_serial;

static void consume(struct connection *c, const char *data, size_t length);

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void leave_streams(struct connection *c) {
    if (c->stream < 0) return;
    streams[c->stream] = streams[--stream_count];
    streams[c->stream]->stream = c->stream;
    c->stream = -1;
}

// Closed connections are freed after the batch of epoll events that may still name them.
static struct connection *closed;

static void close_connection(struct connection *c) {
    if (c->socket < 0) return;
    leave_streams(c);
    close(c->socket);
    c->socket = -1;
    c->next_closed = closed;
    closed = c;
}

static void put(struct connection *c, const char *data, size_t length) {
    if (length > OUT_SIZE - c->out_length) {
        // Only a stream whose reader is far behind gets here.
        close_connection(c);
        return;
    }
    memcpy(c->out + c->out_length, data, length);
    c->out_length += length;
}

// Sends what is pending; the end of an answer lets the next request in.
static void flush(struct connection *c) {
    while (c->socket >= 0) {
        const char *data;
        size_t length;
        if (c->out_sent < c->out_length) {
            data = c->out + c->out_sent;
            length = c->out_length - c->out_sent;
        } else if (c->download_left > 0) {
            data = block;
            length = c->download_left < BLOCK_SIZE ? c->download_left : BLOCK_SIZE;
        } else {
            break;
        }
        ssize_t sent = send(c->socket, data, length, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EINTR) continue;
            if (errno != EAGAIN) {
                close_connection(c);
                return;
            }
            if (!c->waits_for_output) {
                c->waits_for_output = 1;
                struct epoll_event e = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};
                epoll_ctl(poller, EPOLL_CTL_MOD, c->socket, &e);
            }
            return;
        }
        if (c->out_sent < c->out_length)
            c->out_sent += sent;
        else
            c->download_left -= sent;
    }
    if (c->socket < 0) return;
    c->out_sent = c->out_length = 0;
    if (c->waits_for_output) {
        c->waits_for_output = 0;
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
        epoll_ctl(poller, EPOLL_CTL_MOD, c->socket, &e);
    }
    if (c->answering && c->stream < 0) {
        c->answering = 0;
        if (c->closing) {
            close_connection(c);
        } else if (c->head_length > 0) {
            char waiting[HEAD_SIZE];
            size_t length = c->head_length;
            memcpy(waiting, c->head, length);
            c->head_length = 0;
            consume(c, waiting, length);
        }
    }
}

static void put_chunk(struct connection *c, const char *data, size_t length) {
    char framed[2048];
    int framed_length = snprintf(framed, sizeof framed, "%zx\r\n%.*s\r\n", length, (int)length, data);
    put(c, framed, framed_length);
}

static void send_event(struct connection *c, int64_t time) {
    char event[1024];
    int length = snprintf(
        event, sizeof event,
        "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1735689600,"
        "\"model\":\"gpt-4o-mini\",\"sent_ns\":%lld,\"choices\":[{\"index\":0,"
        "\"delta\":{\"content\":\" word\"},\"finish_reason\":null}]}\n\n",
        (long long)time);
    put_chunk(c, event, length);
    c->next_event += c->gap;
    if (--c->events_left == 0) {
        static const char usage[] =
            "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\","
            "\"created\":1735689600,\"model\":\"gpt-4o-mini\",\"choices\":[],\"usage\":{"
            "\"prompt_tokens\":100,\"completion_tokens\":100,\"total_tokens\":200}}\n\n";
        static const char done[] = "data: [DONE]\n\n";
        put_chunk(c, usage, sizeof usage - 1);
        put_chunk(c, done, sizeof done - 1);
        put(c, "0\r\n\r\n", 5);
        leave_streams(c);
    }
    flush(c);
}

static uint64_t parameter(const char *target, const char *name, uint64_t otherwise) {
    const char *found = strstr(target, name);
    return found ? strtoull(found + strlen(name), NULL, 10) : otherwise;
}

static void answer(struct connection *c) {
    c->answering = 1;
    c->input = HEAD;
    if (strncmp(c->target, "/download", 9) == 0) {
        c->download_left = parameter(c->target, "bytes=", 1 << 20);
        char head[256];
        int length = snprintf(
            head, sizeof head,
            "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %llu\r\n\r\n",
            (unsigned long long)c->download_left);
        put(c, head, length);
    } else if (strstr(c->target, "events=")) {
        static const char head[] =
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
            "Transfer-Encoding: chunked\r\n\r\n";
        c->events_left = parameter(c->target, "events=", 100);
        c->gap = parameter(c->target, "gap_ms=", 10) * 1000000LL;
        if (c->events_left == 0) c->events_left = 1;
        if (stream_count == STREAMS) {
            close_connection(c);
            return;
        }
        // Streams that were asked for at once are spread over the gap, as independent ones would be.
        double turn = ++stream_serial * 0.6180339887498949;
        c->next_event = now() + (int64_t)((turn - (int64_t)turn) * c->gap);
        c->stream = stream_count;
        streams[stream_count++] = c;
        put(c, head, sizeof head - 1);
    } else {
        put(c, small_answer, small_answer_length);
    }
    flush(c);
}

// Reads a whole head, in c->head, and finds how long its body is.
static void read_head(struct connection *c, char *end) {
    *end = 0;
    c->body_left = 0;
    c->closing = 0;
    c->input = BODY;
    char *line_end = strstr(c->head, "\r\n");
    char *line = line_end ? line_end + 2 : end;
    if (line_end) *line_end = 0;
    char *target = strchr(c->head, ' ');
    char *target_end = target ? strchr(target + 1, ' ') : NULL;
    if (!target_end || target_end - target > (long)sizeof c->target) {
        close_connection(c);
        return;
    }
    memcpy(c->target, target + 1, target_end - target - 1);
    c->target[target_end - target - 1] = 0;
    if (strcmp(target_end, " HTTP/1.0") == 0) c->closing = 1;

    for (; line < end; line = line_end + 2) {
        line_end = strstr(line, "\r\n");
        if (line_end)
            *line_end = 0;
        else
            line_end = end;
        if (strncasecmp(line, "content-length:", 15) == 0) {
            c->body_left = strtoull(line + 15, NULL, 10);
        } else if (strncasecmp(line, "transfer-encoding:", 18) == 0) {
            c->input = CHUNK_SIZE;
            c->line_length = 0;
        } else if (strncasecmp(line, "connection:", 11) == 0) {
            c->closing = strcasestr(line, "close") != NULL;
        } else if (strncasecmp(line, "expect:", 7) == 0) {
            put(c, "HTTP/1.1 100 Continue\r\n\r\n", 25);
            flush(c);
        }
    }
}

static void consume(struct connection *c, const char *data, size_t length) {
    const char *end = data + length;
    while (c->socket >= 0) {
        if (c->answering || c->input == HEAD) {
            if (data == end) return;
            size_t room = HEAD_SIZE - 1 - c->head_length;
            size_t taken = (size_t)(end - data) < room ? (size_t)(end - data) : room;
            memcpy(c->head + c->head_length, data, taken);
            size_t before = c->head_length;
            c->head_length += taken;
            size_t from = before > 3 ? before - 3 : 0;
            char *found =
                c->answering ? NULL : memmem(c->head + from, c->head_length - from, "\r\n\r\n", 4);
            if (!found) {
                // Too long a head, or too much behind a request that is being answered.
                if (c->head_length == HEAD_SIZE - 1) close_connection(c);
                return;
            }
            data += (found + 4 - c->head) - before;
            c->head_length = 0;
            read_head(c, found);
            continue;
        }
        if (c->input == BODY || c->input == CHUNK_DATA) {
            size_t taken = (size_t)(end - data) < c->body_left ? (size_t)(end - data) : c->body_left;
            c->body_left -= taken;
            data += taken;
            if (c->body_left > 0) return;
            if (c->input == BODY) {
                answer(c);
            } else {
                c->input = CHUNK_SIZE;
            }
            continue;
        }
        if (data == end) return;
        char byte = *data++;
        if (c->input == CHUNK_SIZE) {
            // Digits up to the first byte that is none: an extension, or the end of the line.
            if (byte == '\n') {
                c->input = c->body_left > 0 ? CHUNK_DATA : CHUNK_TRAILER;
                c->body_left += 2;
                c->line_length = 0;
            } else if (isxdigit((unsigned char)byte) && c->line_length >= 0) {
                int digit = byte <= '9' ? byte - '0' : (byte | 0x20) - 'a' + 10;
                c->body_left = c->body_left * 16 + digit;
            } else {
                c->line_length = -1;
            }
        } else if (byte != '\n') {
            c->line_length += byte != '\r';
        } else if (c->line_length > 0) {
            c->line_length = 0;
        } else {
            answer(c);
        }
    }
}

static void receive(struct connection *c) {
    ssize_t count = recv(c->socket, received, sizeof received, 0);
    if (count > 0)
        consume(c, received, count);
    else if (count == 0 || (errno != EAGAIN && errno != EINTR))
        close_connection(c);
}

static void accept_all(int listener) {
    int socket;
    while ((socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        int on = 1;
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct connection *c = calloc(1, sizeof *c);
        if (!c) fail("calloc");
        c->socket = socket;
        c->stream = -1;
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
        if (epoll_ctl(poller, EPOLL_CTL_ADD, socket, &e) < 0) fail("epoll_ctl");
    }
}

static int listen_on(const char *address) {
    char host[64];
    const char *colon = strrchr(address, ':');
    struct sockaddr_in name = {.sin_family = AF_INET};
    if (!colon || colon - address >= (long)sizeof host) {
        fprintf(stderr, "upstream: expected HOST:PORT such as 127.0.0.1:0, found \"%s\"\n", address);
        exit(2);
    }
    memcpy(host, address, colon - address);
    host[colon - address] = 0;
    name.sin_port = htons(atoi(colon + 1));
    if (inet_pton(AF_INET, host, &name.sin_addr) != 1) {
        fprintf(stderr, "upstream: expected an IPv4 address, found \"%s\"\n", host);
        exit(2);
    }
    int on = 1;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&name, sizeof name) < 0) fail(address);
    if (listen(listener, 4096) < 0) fail("listen");
    socklen_t length = sizeof name;
    getsockname(listener, (struct sockaddr *)&name, &length);
    printf("%d\n", ntohs(name.sin_port));
    fflush(stdout);
    return listener;
}

static void make_small_answer(void) {
    char body[601];
    int length = snprintf(
        body, sizeof body,
        "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1735689600,"
        "\"model\":\"gpt-4o-mini\",\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":60,"
        "\"total_tokens\":160},\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\"message\":{"
        "\"role\":\"assistant\",\"content\":\"");
    memset(body + length, 'x', 600 - length);
    memcpy(body + 600 - 5, "\"}}]}", 6);
    small_answer_length = snprintf(
        small_answer, sizeof small_answer,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 600\r\n\r\n%s", body);
}

// Sends the events that are due, and sets the alarm for the next one.
static void run_streams(int alarm) {
    int64_t time = now();
    int64_t next = INT64_MAX;
    for (int i = 0; i < stream_count;) {
        struct connection *c = streams[i];
        if (c->next_event <= time) {
            send_event(c, now());
            if (i >= stream_count || streams[i] != c) continue;
        }
        if (c->next_event < next) next = c->next_event;
        i++;
    }
    static int64_t armed = INT64_MAX;
    if (next == armed && next > time) return;
    armed = next;
    struct itimerspec when = {0};
    if (next != INT64_MAX) {
        when.it_value.tv_sec = next / 1000000000;
        when.it_value.tv_nsec = next % 1000000000;
    }
    timerfd_settime(alarm, TFD_TIMER_ABSTIME, &when, NULL);
}

int main(int count, char **arguments) {
    signal(SIGPIPE, SIG_IGN);
    make_small_answer();
    memset(block, 'x', sizeof block);
    poller = epoll_create1(EPOLL_CLOEXEC);
    int listener = listen_on(count > 1 ? arguments[1] : "127.0.0.1:0");
    int alarm = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (poller < 0 || alarm < 0) fail("epoll_create1 or timerfd_create");
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = &poller};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, listener, &e) < 0) fail("epoll_ctl");
    e.data.ptr = &streams;
    if (epoll_ctl(poller, EPOLL_CTL_ADD, alarm, &e) < 0) fail("epoll_ctl");

    struct epoll_event ready[512];
    while (1) {
        int n = epoll_wait(poller, ready, 512, -1);
        for (int i = 0; i < n; i++) {
            void *who = ready[i].data.ptr;
            if (who == &poller) {
                accept_all(listener);
            } else if (who == &streams) {
                uint64_t times;
                if (read(alarm, &times, sizeof times) < 0 && errno != EAGAIN) fail("timerfd");
            } else {
                struct connection *c = who;
                if (c->socket >= 0 && ready[i].events & EPOLLOUT) flush(c);
                if (c->socket >= 0 && ready[i].events & ~EPOLLOUT) receive(c);
            }
        }
        run_streams(alarm);
        while (closed) {
            struct connection *c = closed;
            closed = c->next_closed;
            free(c);
        }
    }
}
