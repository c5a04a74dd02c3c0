#define _GNU_SOURCE
#include "csystem.h"

#include <errno.h>
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <malloc.h>
#include <string.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

void sluice_name_thread(pthread_t thread, const char *name) {
    char kept[16] = {0};
    strncpy(kept, name, sizeof kept - 1);
    pthread_setname_np(thread, kept);
}

int sluice_accept(int listener, void *address, uint32_t *length) {
    socklen_t size = *length;
    int descriptor = accept4(listener, address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    *length = size;
    return descriptor < 0 ? -errno : descriptor;
}

int sluice_waiting_connections(int listener) {
    struct tcp_info info;
    socklen_t length = sizeof info;
    // Of a socket that listens, this is the length of its queue.
    return getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &length) < 0 ? 0 : (int)info.tcpi_unacked;
}

int sluice_divert_connections(int listener, uint32_t first, uint32_t count) {
    // index = random % count + first
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_RANDOM)),
        BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, count),
        BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, first),
        BPF_STMT(BPF_RET | BPF_A, 0),
    };
    struct sock_fprog program = {sizeof code / sizeof code[0], code};
    int result = setsockopt(
        listener, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program);
    return result < 0 ? -errno : 0;
}

int sluice_count_listeners(int family, uint16_t port) {
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (netlink < 0) return -errno;
    struct {
        struct nlmsghdr head;
        struct inet_diag_req_v2 diag;
    } request = {
        .head = {
            .nlmsg_len = sizeof request,
            .nlmsg_type = SOCK_DIAG_BY_FAMILY,
            .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
        },
        .diag = {
            .sdiag_family = family,
            .sdiag_protocol = IPPROTO_TCP,
            .idiag_states = 1 << 10,  // TCP_LISTEN
        },
    };
    int count = 0;
    if (send(netlink, &request, sizeof request, 0) < 0) count = -errno;
    char answer[16384] __attribute__((aligned(NLMSG_ALIGNTO)));
    for (int done = count < 0; !done;) {
        ssize_t length = recv(netlink, answer, sizeof answer, 0);
        if (length < 0 && errno == EINTR) continue;
        if (length <= 0) {
            count = -errno;
            break;
        }
        for (struct nlmsghdr *head = (void *)answer; NLMSG_OK(head, length);
             head = NLMSG_NEXT(head, length)) {
            if (head->nlmsg_type == NLMSG_DONE || head->nlmsg_type == NLMSG_ERROR) {
                if (head->nlmsg_type == NLMSG_ERROR) count = -EIO;
                done = 1;
                break;
            }
            struct inet_diag_msg *found = NLMSG_DATA(head);
            if (ntohs(found->id.idiag_sport) == port) count++;
        }
    }
    close(netlink);
    return count;
}

void sluice_return_memory(void) { malloc_trim(0); }
