#define _GNU_SOURCE
#include "csystem.h"

#include <errno.h>
#include <sys/socket.h>

int sluice_accept(int listener, void *address, uint32_t *length) {
    socklen_t size = *length;
    int descriptor = accept4(listener, address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    *length = size;
    return descriptor < 0 ? -errno : descriptor;
}
