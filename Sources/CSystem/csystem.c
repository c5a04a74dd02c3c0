#define _GNU_SOURCE
#include "csystem.h"

#include <errno.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/socket.h>

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
