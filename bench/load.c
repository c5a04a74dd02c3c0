// The streaming client of the benchmark: holds N event streams open at once and measures, for every event,
// the time from the upstream's send to this process's recv. Both read CLOCK_MONOTONIC of one machine.
//
//   load PORT STREAMS EVENTS GAP_MS
//
// It prints one JSON object. A stream that fails or ends early makes the exit status 1.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char marker[] = "\"sent_ns\":";

enum input { HEAD, CHUNK_SIZE, CHUNK_DATA, CHUNK_END, TO_CLOSE, DONE };

struct stream {
    int socket;
    enum input input;
    size_t head_length;
    char head[8192];
    uint64_t chunk_left;
    int chunk_has_digits;
    // How much of the marker was seen, then the number behind it: events may be cut anywhere.
    size_t matched;
    int64_t sent;
    uint64_t events;
};

static int64_t *delays;
static uint64_t event_count, delay_count, delay_capacity;
// Streams whose first event did not come yet: delays count from the moment when all run, not while the
// connections are being opened.
static int waiting;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void scan(struct stream *s, const char *data, size_t length, int64_t time) {
    for (size_t i = 0; i < length; i++) {
        char byte = data[i];
        if (s->matched < sizeof marker - 1) {
            // The marker's first byte occurs again at its end only, so a mismatch restarts it.
            s->matched = byte == marker[s->matched] ? s->matched + 1 : byte == marker[0];
            s->sent = 0;
        } else if (byte >= '0' && byte <= '9') {
            s->sent = s->sent * 10 + (byte - '0');
        } else {
            s->matched = 0;
            event_count++;
            if (s->events++ == 0) waiting--;
            if (waiting == 0 && delay_count < delay_capacity) delays[delay_count++] = time - s->sent;
        }
    }
}

static int head_is_fine(struct stream *s) {
    s->head[s->head_length] = 0;
    if (strncmp(s->head, "HTTP/1.1 200", 12) != 0) {
        fprintf(stderr, "load: expected status 200, found: %.*s\n", (int)strcspn(s->head, "\r\n"), s->head);
        return 0;
    }
    s->input = strcasestr(s->head, "\r\ntransfer-encoding:") ? CHUNK_SIZE : TO_CLOSE;
    return 1;
}

// False when the stream cannot be read on.
static int consume(struct stream *s, const char *data, size_t length, int64_t time) {
    const char *end = data + length;
    while (data < end) {
        switch (s->input) {
        case HEAD:
            if (s->head_length >= sizeof s->head - 1) return 0;
            s->head[s->head_length++] = *data++;
            if (s->head_length >= 4 && memcmp(s->head + s->head_length - 4, "\r\n\r\n", 4) == 0
                && !head_is_fine(s))
                return 0;
            break;
        case CHUNK_SIZE: {
            char byte = *data++;
            int digit = byte >= '0' && byte <= '9'   ? byte - '0'
                        : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
                        : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10
                                                     : -1;
            if (digit >= 0) {
                s->chunk_left = s->chunk_left * 16 + digit;
                s->chunk_has_digits = 1;
            } else if (byte == '\n') {
                if (!s->chunk_has_digits) return 0;
                s->chunk_has_digits = 0;
                s->input = s->chunk_left > 0 ? CHUNK_DATA : DONE;
            }
            break;
        }
        case CHUNK_DATA: {
            size_t taken = (size_t)(end - data) < s->chunk_left ? (size_t)(end - data) : s->chunk_left;
            scan(s, data, taken, time);
            data += taken;
            s->chunk_left -= taken;
            if (s->chunk_left == 0) s->input = CHUNK_END;
            break;
        }
        case CHUNK_END:
            if (*data++ == '\n') s->input = CHUNK_SIZE;
            break;
        case TO_CLOSE:
            scan(s, data, end - data, time);
            data = end;
            break;
        case DONE: return 1;
        }
    }
    return 1;
}

static int by_value(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static double percentile_us(double share) {
    if (delay_count == 0) return 0;
    return delays[(uint64_t)(share * (delay_count - 1))] / 1000.0;
}

static void start(struct stream *s, int number, int port, uint64_t events, int gap_ms) {
    static const char body[] =
        "{\"model\":\"gpt-4o-mini\",\"stream\":true,"
        "\"messages\":[{\"role\":\"user\",\"content\":\"Count to a hundred, please.\"}]}";
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(port)};
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(s->socket, (struct sockaddr *)&name, sizeof name) < 0) fail("connect");
    int on = 1;
    setsockopt(s->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    char request[1024];
    int length = snprintf(
        request, sizeof request,
        "POST /v1/chat/completions?events=%llu&gap_ms=%d HTTP/1.1\r\nHost: bench\r\n"
        "User-Agent: OpenAI/Python 1.99.0\r\nAuthorization: Bearer bench-%d\r\n"
        "X-Forwarded-For: 11.0.%d.%d\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
        (unsigned long long)events, gap_ms, number, number / 256 % 256, number % 256, sizeof body - 1, body);
    if (send(s->socket, request, length, MSG_NOSIGNAL) != length) fail("send");
}

int main(int count, char **arguments) {
    if (count != 5) {
        fprintf(stderr, "usage: load PORT STREAMS EVENTS GAP_MS\n");
        return 2;
    }
    int port = atoi(arguments[1]), stream_count = atoi(arguments[2]), gap_ms = atoi(arguments[4]);
    uint64_t events = strtoull(arguments[3], NULL, 10);
    struct stream *streams = calloc(stream_count, sizeof *streams);
    delay_capacity = stream_count * events;
    delays = calloc(delay_capacity, sizeof *delays);
    int poller = epoll_create1(EPOLL_CLOEXEC);
    if (!streams || !delays || poller < 0) fail("load");

    int64_t began = now();
    for (int i = 0; i < stream_count; i++) {
        start(&streams[i], i, port, events, gap_ms);
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = &streams[i]};
        epoll_ctl(poller, EPOLL_CTL_ADD, streams[i].socket, &e);
    }

    // A proxy that holds a stream back for good must not hang the run.
    int64_t deadline = began + (events * gap_ms + 10000) * 1000000LL;
    int open = stream_count, complete = 0;
    waiting = stream_count;
    static char buffer[64 * 1024];
    struct epoll_event ready[512];
    while (open > 0) {
        int left_ms = (deadline - now()) / 1000000;
        if (left_ms <= 0) {
            fprintf(stderr, "load: %d streams did not end in time\n", open);
            break;
        }
        int n = epoll_wait(poller, ready, 512, left_ms);
        for (int i = 0; i < n; i++) {
            struct stream *s = ready[i].data.ptr;
            ssize_t received = recv(s->socket, buffer, sizeof buffer, 0);
            if (received < 0 && errno == EINTR) continue;
            if (received > 0 && consume(s, buffer, received, now()) && s->input != DONE) continue;
            int has_ended = s->input == DONE || (received == 0 && s->input == TO_CLOSE);
            complete += has_ended && s->events == events;
            close(s->socket);
            open--;
        }
    }
    double seconds = (now() - began) / 1e9;

    qsort(delays, delay_count, sizeof *delays, by_value);
    printf(
        "{\"requests\":%llu,\"seconds\":%.6f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"errors\":%d}\n",
        (unsigned long long)event_count, seconds, percentile_us(0.50), percentile_us(0.99),
        stream_count - complete);
    return complete == stream_count ? 0 : 1;
}
