/* What the parts of the stand-in for NVML share. Times are seconds of the script's clock, powers are
 * watts, energies joules, unless a name says otherwise. */
#ifndef FAKE_H
#define FAKE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

typedef int nvmlReturn_t;
typedef struct nvmlDevice_st *nvmlDevice_t;

/* Return codes that the stand-in gives of itself; a script can ask for any number. */
enum {
    SUCCESS = 0,
    UNINITIALIZED = 1,
    INVALID_ARGUMENT = 2,
    NOT_SUPPORTED = 3,
    NO_PERMISSION = 4,
    NOT_FOUND = 6,
    INSUFFICIENT_SIZE = 7,
    GPU_IS_LOST = 15,
};

enum { BOARDS = 16, INSTANCES = 7 };

/* signal.c: quantities over time, with their exact integrals. */
struct signal;
struct signal *signal_read(char **words, int count);
double signal_value(struct signal *signal, double at);
/* From time 0 to `at`, which may be negative. */
double signal_integral(struct signal *signal, double at);
void signal_free(struct signal *signal);

/* Signals that are added up. */
struct sum {
    struct signal **signals;
    int count;
};
double sum_value(const struct sum *sum, double at);
double sum_integral(const struct sum *sum, double at);

/* An interval of the script's time; open ends are infinite. */
struct span {
    double from, to;
};
static inline int within(struct span span, double at) { return at >= span.from && at < span.to; }

/* sensor.c: what sensors make of the truth. */
struct gauge {
    nvmlReturn_t code;
    double update, phase, window, late; /* seconds; an update of 0 is continuous */
    double gain, offset, noise;         /* factor, watts, watts (standard deviation) */
    unsigned seed;
    double resolution; /* watts */
};
struct jump {
    double at, joules;
};
struct counter {
    nvmlReturn_t code;
    double tick, phase;        /* seconds; a tick of 0 is continuous */
    double resolution, wrap;   /* joules */
    double start, gain;        /* joules, factor */
    struct span frozen;
    double reset; /* counts from 0 since then; infinite for never */
    struct jump jumps[8];
    int jump_count;
};
double gauge_watts(const struct gauge *gauge, const struct sum *power, double at);
double counter_joules(const struct counter *counter, const struct sum *power, double at);

/* script.c: what the script says. */
struct fault {
    int board; /* -1 for all and for calls without a board */
    char call[64];
    nvmlReturn_t code;
    struct span when;
};
struct process {
    int compute;
    unsigned pid;
    unsigned long long memory;
    struct span when;
};
struct throttle {
    unsigned long long reasons;
    struct span when;
};
struct board {
    char name[96], uuid[96];
    unsigned architecture;
    int major, minor; /* compute capability */
    struct sum power;
    struct gauge instant, average;
    nvmlReturn_t usage_code;
    struct counter counter;
    struct span lost;
    int mig, instances;
    struct sum temperature, sm_clock, memory_clock, p_state, limit;
    struct sum busy, memory_busy; /* per cent */
    double limit_least, limit_most, limit_default; /* watts */
    double memory_total, memory_free; /* bytes; 0 where the board does not tell */
    struct process processes[32];
    int process_count;
    struct throttle throttles[16];
    int throttle_count;
};
struct script {
    char driver[80];
    unsigned devices;
    struct board boards[BOARDS];
    struct fault faults[64];
    int fault_count;
    int bad_line; /* the first that was not understood, from 1; else 0 */
};
struct script *script_read(const char *path);
void script_free(struct script *script);
/* What the script wants `call` to return at this moment, for board -1 where it is about none. */
nvmlReturn_t script_fault(const struct script *script, int board, const char *call, double at);

/* state.c: what outlives a call, shared by every process that loads this very file. */
struct board_state {
    _Atomic uint32_t limit_mw; /* as set by a caller; 0 while it never was */
    _Atomic uint32_t locked_least_mhz, locked_most_mhz; /* 0 while clocks are free */
};
struct state {
    _Atomic uint32_t ready;
    _Atomic uint32_t generation; /* moves when the script was replaced */
    _Atomic int64_t origin_ns;   /* of the script's time on the monotonic clock */
    _Atomic int64_t virtual_ns;  /* the script's time as told by a test; -1 for the real one */
    _Atomic uint64_t calls;      /* into NVML functions */
    struct board_state boards[BOARDS];
};
struct state *state(void);
const char *script_path(void);
double now(void);

/* nvml.c: every exported function begins with ENTER(device), or ENTER(NULL) without one. It takes
 * the lock, gives it back on return, and returns what the script wants where that is a fault. */
struct call {
    struct script *script;
    struct board *board;
    struct board_state *state;
    int index;    /* of the board, -1 for none */
    int instance; /* of MIG, -1 for the board itself */
    double now;
    nvmlReturn_t refused;
};
struct call enter(const char *name, nvmlDevice_t device);
void leave(struct call *call);
#define EXPORT __attribute__((visibility("default")))
#define ENTER(device)                                                                   \
    __attribute__((cleanup(leave))) struct call call = enter(__func__, device); \
    if (call.refused) return call.refused

#endif
