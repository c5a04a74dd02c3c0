#define _GNU_SOURCE
#include "csystem.h"

#include <errno.h>
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
