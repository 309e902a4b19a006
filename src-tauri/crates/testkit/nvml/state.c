/* State that is shared by every process that loads this file: the clock, limits that callers set.
 * It lies in a file beside the library, <library>.state, mapped into memory. */
#define _GNU_SOURCE
#include "fake.h"
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static struct state *shared;
static char path_of_script[4096];

static int64_t monotonic_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

__attribute__((constructor)) static void load(void) {
    Dl_info here;
    char path[4096] = "";
    if (dladdr((void *)&load, &here)) {
        snprintf(path_of_script, sizeof path_of_script, "%s.script", here.dli_fname);
        snprintf(path, sizeof path, "%s.state", here.dli_fname);
    }
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    int usable = file >= 0 && ftruncate(file, sizeof *shared) == 0;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  usable ? MAP_SHARED : MAP_SHARED | MAP_ANONYMOUS, usable ? file : -1, 0);
    if (file >= 0) close(file);
    uint32_t fresh = 0;
    if (atomic_compare_exchange_strong(&shared->ready, &fresh, 1)) {
        shared->origin_ns = monotonic_ns();
        shared->virtual_ns = -1;
    }
}

__attribute__((destructor)) static void unload(void) { munmap(shared, sizeof *shared); }

struct state *state(void) { return shared; }

const char *script_path(void) { return path_of_script; }

static int64_t now_ns(void) {
    int64_t told = shared->virtual_ns;
    return told >= 0 ? told : monotonic_ns() - shared->origin_ns;
}

double now(void) { return (double)now_ns() / 1e9; }

/* The script's time, nanoseconds. */
EXPORT int64_t fake_nvml_now(void) { return now_ns(); }

/* Sets the script's time, nanoseconds; -1 goes back to the real one. */
EXPORT void fake_nvml_set_clock(int64_t ns) { shared->virtual_ns = ns; }

/* Whether the time was set. */
EXPORT int fake_nvml_is_virtual(void) { return shared->virtual_ns >= 0; }

/* Calls into NVML functions so far, by all processes. */
EXPORT uint64_t fake_nvml_calls(void) { return shared->calls; }
