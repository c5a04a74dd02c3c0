// The system calls and single instructions that Swift's Glibc overlay does not
// offer. _GNU_SOURCE is defined in the .c file only: in a module's header it
// changes Glibc's own module and breaks the build.
#ifndef SLUICE_CSYSTEM_H
#define SLUICE_CSYSTEM_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>

/// accept4(2) with SOCK_NONBLOCK | SOCK_CLOEXEC. Returns a descriptor or -errno.
int sluice_accept(int listener, void *address, uint32_t *length);

/// How many connections have been made to a TCP socket that listens and not yet been taken.
int sluice_waiting_connections(int listener);

/// Makes the kernel give new connections to the sockets from number `first` on, `count` of them, among
/// those that listen at the same address with SO_REUSEPORT, numbered in the order in which they began to.
/// A number that there is none of is passed over. Returns 0 or -errno.
int sluice_divert_connections(int listener, uint32_t first, uint32_t count);

/// How many TCP sockets of this machine listen at a port, by AF_INET or AF_INET6 (sock_diag(7)), or -errno.
/// Unlike /proc/net/tcp it does not look at connections.
int sluice_count_listeners(int family, uint16_t port);

/// malloc_trim(3): gives back what the allocator holds and nobody uses.
void sluice_return_memory(void);

/// pthread_setname_np(3): at most 15 characters are kept.
void sluice_name_thread(pthread_t thread, const char *name);

/// Adds `amount` to a counter that one thread writes and others read (relaxed, no bus lock).
static inline void sluice_counter_add(uint64_t *counter, uint64_t amount) {
    __atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + amount, __ATOMIC_RELAXED);
}
static inline uint64_t sluice_counter_load(const uint64_t *counter) {
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/// The processor's own counter, which runs at one pace whatever the processor does. Read in a third of
/// the time that a clock takes.
static inline uint64_t sluice_ticks(void) {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    uint64_t ticks;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#else
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
#endif
}

#endif
