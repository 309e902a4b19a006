/* A stand-in for the driver's NVML library that plays the boards of a script (script.c): what a
 * program asks of them. What it can set is in control.c. Structures and numbers are NVML's own ABI. */
#define _GNU_SOURCE
#include "fake.h"
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

typedef union {
    double dVal;
    int siVal;
    unsigned int uiVal;
    unsigned long ulVal;
    unsigned long long ullVal;
    signed long long sllVal;
    unsigned short usVal;
} nvmlValue_t;
typedef struct {
    unsigned int fieldId;
    unsigned int scopeId;
    long long timestamp;
    long long latencyUsec;
    int valueType;
    nvmlReturn_t nvmlReturn;
    nvmlValue_t value;
} nvmlFieldValue_t;
typedef struct {
    unsigned int pid;
    unsigned long long usedGpuMemory;
    unsigned int gpuInstanceId;
    unsigned int computeInstanceId;
} nvmlProcessInfo_t;

typedef struct {
    unsigned int version;
    unsigned long long total, reserved, free, used;
} nvmlMemory_v2_t;

enum { UNSIGNED_INT = 1, UNSIGNED_LONG_LONG = 3 };
enum { VOLTA = 5, AMPERE = 7 };
enum { FIELD_ENERGY = 83, FIELD_AVERAGE = 185, FIELD_INSTANT = 186, FIELD_LIMIT = 190 };

/* Readers wait for each other: bursts are drawn as far as somebody looks. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct script *current;
static uint32_t seen;
static int initialised;

static struct script *script(int anew) {
    uint32_t generation = state()->generation;
    if (!current || anew || generation != seen) {
        script_free(current);
        current = script_read(script_path());
        seen = generation;
    }
    return current;
}

/* Handles are the board's number plus one, so that none is null, and above it the instance's. */
static nvmlDevice_t handle(int index, int instance) {
    return (nvmlDevice_t)(size_t)((index + 1) | (instance + 1) << 8);
}

struct call enter(const char *name, nvmlDevice_t device) {
    pthread_mutex_lock(&lock);
    atomic_fetch_add_explicit(&state()->calls, 1, memory_order_relaxed);
    struct call call = {.script = script(!strcmp(name, "nvmlInit_v2")), .now = now()};
    call.index = (int)((size_t)device & 0xff) - 1;
    call.instance = (int)((size_t)device >> 8) - 1;
    if (call.index >= (int)call.script->devices) {
        call.refused = INVALID_ARGUMENT;
        return call;
    }
    call.refused = script_fault(call.script, call.index, name, call.now);
    if (!initialised && strncmp(name, "nvmlInit", 8) && strncmp(name, "fake_", 5))
        call.refused = UNINITIALIZED;
    if (call.index < 0) return call;
    call.board = &call.script->boards[call.index];
    call.state = &state()->boards[call.index];
    if (within(call.board->lost, call.now)) call.refused = GPU_IS_LOST;
    return call;
}

void leave(struct call *call) {
    (void)call;
    pthread_mutex_unlock(&lock);
}

/* Reads the script anew; the first line that is not understood, or 0. */
EXPORT int fake_nvml_reload(void) {
    ENTER(NULL);
    atomic_fetch_add(&state()->generation, 1);
    return script(1)->bad_line;
}

/* True joules of a board between two instants of the script's time, nanoseconds. */
EXPORT double fake_nvml_energy(unsigned board, int64_t from_ns, int64_t to_ns) {
    ENTER(NULL);
    const struct sum *power = &call.script->boards[board % BOARDS].power;
    return sum_integral(power, (double)to_ns / 1e9) - sum_integral(power, (double)from_ns / 1e9);
}

/* True watts of a board at an instant of the script's time, nanoseconds. */
EXPORT double fake_nvml_power(unsigned board, int64_t at_ns) {
    ENTER(NULL);
    return sum_value(&call.script->boards[board % BOARDS].power, (double)at_ns / 1e9);
}

static nvmlReturn_t text(const char *value, char *to, unsigned int size) {
    if (strlen(value) + 1 > size) return INSUFFICIENT_SIZE;
    strcpy(to, value);
    return SUCCESS;
}

EXPORT nvmlReturn_t nvmlInit_v2(void) {
    ENTER(NULL);
    if (call.script->bad_line) {
        fprintf(stderr, "%s: line %d is not understood\n", script_path(), call.script->bad_line);
        return INVALID_ARGUMENT;
    }
    initialised++;
    return SUCCESS;
}

EXPORT nvmlReturn_t nvmlInitWithFlags(unsigned int flags) {
    (void)flags;
    return nvmlInit_v2();
}

EXPORT nvmlReturn_t nvmlShutdown(void) {
    ENTER(NULL);
    initialised--;
    return SUCCESS;
}

EXPORT const char *nvmlErrorString(nvmlReturn_t code) {
    return code == SUCCESS ? "Success" : "an error that the script asked for";
}

EXPORT nvmlReturn_t nvmlSystemGetDriverVersion(char *version, unsigned int size) {
    ENTER(NULL);
    return text(call.script->driver, version, size);
}

EXPORT nvmlReturn_t nvmlSystemGetNVMLVersion(char *version, unsigned int size) {
    ENTER(NULL);
    return text("13.580.00", version, size);
}

EXPORT nvmlReturn_t nvmlDeviceGetCount_v2(unsigned int *count) {
    ENTER(NULL);
    *count = call.script->devices;
    return SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned int index, nvmlDevice_t *device) {
    ENTER(handle((int)(index % 255), -1));
    *device = handle(call.index, -1);
    return SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetHandleByUUID(const char *uuid, nvmlDevice_t *device) {
    ENTER(NULL);
    for (unsigned i = 0; i < call.script->devices; i++) {
        if (strcmp(call.script->boards[i].uuid, uuid)) continue;
        if (within(call.script->boards[i].lost, call.now)) return GPU_IS_LOST;
        *device = handle((int)i, -1);
        return SUCCESS;
    }
    return NOT_FOUND;
}

EXPORT nvmlReturn_t nvmlDeviceGetIndex(nvmlDevice_t device, unsigned int *index) {
    ENTER(device);
    *index = (unsigned)call.index;
    return SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t device, char *name, unsigned int size) {
    ENTER(device);
    return text(call.board->name, name, size);
}

EXPORT nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t device, char *uuid, unsigned int size) {
    ENTER(device);
    char instance[128];
    if (call.instance < 0) return text(call.board->uuid, uuid, size);
    snprintf(instance, sizeof instance, "MIG-%s-%d", call.board->uuid, call.instance);
    return text(instance, uuid, size);
}

EXPORT nvmlReturn_t nvmlDeviceGetArchitecture(nvmlDevice_t device, unsigned int *architecture) {
    ENTER(device);
    *architecture = call.board->architecture;
    return SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetCudaComputeCapability(nvmlDevice_t device, int *major, int *minor) {
    ENTER(device);
    *major = call.board->major;
    *minor = call.board->minor;
    return SUCCESS;
}

/* Energy and power; an instance of MIG has neither. */

static nvmlReturn_t energy(const struct call *call, unsigned long long *millijoules) {
    const struct counter *counter = &call->board->counter;
    if (call->instance >= 0 || call->board->architecture < VOLTA) return NOT_SUPPORTED;
    *millijoules = (unsigned long long)llround(counter_joules(counter, &call->board->power, call->now) * 1e3);
    return counter->code;
}

static nvmlReturn_t watts(const struct call *call, const struct gauge *gauge, unsigned int *milliwatts) {
    if (call->instance >= 0) return NOT_SUPPORTED;
    *milliwatts = (unsigned int)llround(gauge_watts(gauge, &call->board->power, call->now) * 1e3);
    return gauge->code;
}

/* Ampere other than GA100, and newer, tell nvmlDeviceGetPowerUsage as a mean over a second. */
static int averages(const struct board *board) {
    return board->architecture >= AMPERE && !(board->major == 8 && board->minor == 0);
}

static unsigned limit_mw(const struct call *call) {
    unsigned set = call->state->limit_mw;
    return set ? set : (unsigned)llround(call->board->limit_default * 1e3);
}

static unsigned enforced_mw(const struct call *call) {
    const struct sum *limit = &call->board->limit;
    return limit->count ? (unsigned)llround(sum_value(limit, call->now) * 1e3) : limit_mw(call);
}

EXPORT nvmlReturn_t nvmlDeviceGetTotalEnergyConsumption(nvmlDevice_t device,
    unsigned long long *millijoules) {
    ENTER(device);
    return energy(&call, millijoules);
}

EXPORT nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t device, unsigned int *milliwatts) {
    ENTER(device);
    struct gauge gauge = averages(call.board) ? call.board->average : call.board->instant;
    /* The field may be missing in an old driver while this call is there. */
    if (!averages(call.board)) gauge.code = SUCCESS;
    if (call.board->usage_code >= 0) gauge.code = call.board->usage_code;
    return watts(&call, &gauge, milliwatts);
}

static void field(const struct call *call, nvmlFieldValue_t *field) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    field->timestamp = (long long)time.tv_sec * 1000000 + time.tv_nsec / 1000;
    field->latencyUsec = 0;
    field->valueType = UNSIGNED_INT;
    switch (field->fieldId) {
    case FIELD_ENERGY:
        field->valueType = UNSIGNED_LONG_LONG;
        field->nvmlReturn = energy(call, &field->value.ullVal);
        return;
    case FIELD_AVERAGE:
        field->nvmlReturn = averages(call->board) ? watts(call, &call->board->average, &field->value.uiVal)
                                                  : NOT_SUPPORTED;
        return;
    case FIELD_INSTANT:
        field->nvmlReturn = watts(call, &call->board->instant, &field->value.uiVal);
        return;
    case FIELD_LIMIT:
        field->nvmlReturn = SUCCESS;
        field->value.uiVal = enforced_mw(call);
        return;
    default:
        field->nvmlReturn = NOT_SUPPORTED;
    }
}

EXPORT nvmlReturn_t nvmlDeviceGetFieldValues(nvmlDevice_t device, int count, nvmlFieldValue_t *values) {
    ENTER(device);
    for (int i = 0; i < count; i++) field(&call, &values[i]);
    return SUCCESS;
}

/* What else is known of a board. */

EXPORT nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t device, int sensor, unsigned int *celsius) {
    ENTER(device);
    if (sensor != 0) return INVALID_ARGUMENT;
    *celsius = (unsigned)llround(sum_value(&call.board->temperature, call.now));
    return SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetClockInfo(nvmlDevice_t device, int type, unsigned int *mhz) {
    ENTER(device);
    if (call.instance >= 0) return NOT_SUPPORTED;
    unsigned locked = call.state->locked_most_mhz;
    double clock = sum_value(type == 2 ? &call.board->memory_clock : &call.board->sm_clock, call.now);
    *mhz = (unsigned)llround(clock);
    if (type != 2 && locked && *mhz > locked) *mhz = locked;
    return SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetMaxClockInfo(nvmlDevice_t device, int type, unsigned int *mhz) {
    ENTER(device);
    *mhz = type == 2 ? 2619 : 1980;
    return SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetPerformanceState(nvmlDevice_t device, unsigned int *p_state) {
    ENTER(device);
    *p_state = (unsigned)llround(sum_value(&call.board->p_state, call.now));
    return SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t device, unsigned int rates[2]) {
    ENTER(device);
    if (call.instance >= 0) return NOT_SUPPORTED;
    rates[0] = (unsigned)llround(sum_value(&call.board->busy, call.now));
    rates[1] = (unsigned)llround(sum_value(&call.board->memory_busy, call.now));
    return SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetMemoryInfo_v2(nvmlDevice_t device, nvmlMemory_v2_t *memory) {
    ENTER(device);
    if (call.board->memory_total <= 0) return NOT_SUPPORTED;
    memory->total = (unsigned long long)call.board->memory_total;
    memory->free = (unsigned long long)call.board->memory_free;
    memory->used = memory->total - memory->free;
    memory->reserved = 0;
    return SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetCurrentClocksEventReasons(nvmlDevice_t device, unsigned long long *reasons) {
    ENTER(device);
    *reasons = 0;
    for (int i = 0; i < call.board->throttle_count; i++)
        if (within(call.board->throttles[i].when, call.now)) *reasons |= call.board->throttles[i].reasons;
    return SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetCurrentClocksThrottleReasons(nvmlDevice_t device,
    unsigned long long *reasons) {
    return nvmlDeviceGetCurrentClocksEventReasons(device, reasons);
}

EXPORT nvmlReturn_t nvmlDeviceGetPowerManagementLimit(nvmlDevice_t device, unsigned int *milliwatts) {
    ENTER(device);
    if (call.instance >= 0) return NOT_SUPPORTED;
    *milliwatts = limit_mw(&call);
    return SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetEnforcedPowerLimit(nvmlDevice_t device, unsigned int *milliwatts) {
    ENTER(device);
    if (call.instance >= 0) return NOT_SUPPORTED;
    *milliwatts = enforced_mw(&call);
    return SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetPowerManagementDefaultLimit(nvmlDevice_t device, unsigned int *milliwatts) {
    ENTER(device);
    if (call.instance >= 0) return NOT_SUPPORTED;
    *milliwatts = (unsigned)llround(call.board->limit_default * 1e3);
    return SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetPowerManagementLimitConstraints(nvmlDevice_t device, unsigned int *least,
    unsigned int *most) {
    ENTER(device);
    if (call.instance >= 0) return NOT_SUPPORTED;
    *least = (unsigned)llround(call.board->limit_least * 1e3);
    *most = (unsigned)llround(call.board->limit_most * 1e3);
    return SUCCESS;
}

static nvmlReturn_t processes(const struct call *call, int compute, unsigned int *count,
    nvmlProcessInfo_t *infos) {
    unsigned room = *count, found = 0;
    for (int i = 0; i < call->board->process_count; i++) {
        const struct process *process = &call->board->processes[i];
        if (process->compute != compute || !within(process->when, call->now)) continue;
        if (infos && found < room)
            infos[found] = (nvmlProcessInfo_t){process->pid, process->memory, 0xffffffffu, 0xffffffffu};
        found++;
    }
    *count = found;
    return found > (infos ? room : 0) ? INSUFFICIENT_SIZE : SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetComputeRunningProcesses_v3(nvmlDevice_t device, unsigned int *count,
    nvmlProcessInfo_t *infos) {
    ENTER(device);
    return processes(&call, 1, count, infos);
}

EXPORT nvmlReturn_t nvmlDeviceGetGraphicsRunningProcesses_v3(nvmlDevice_t device, unsigned int *count,
    nvmlProcessInfo_t *infos) {
    ENTER(device);
    return processes(&call, 0, count, infos);
}

EXPORT nvmlReturn_t nvmlDeviceGetMigMode(nvmlDevice_t device, unsigned int *mode, unsigned int *pending) {
    ENTER(device);
    if (!call.board->mig) return NOT_SUPPORTED;
    *mode = *pending = 1;
    return SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetMaxMigDeviceCount(nvmlDevice_t device, unsigned int *count) {
    ENTER(device);
    *count = call.board->mig ? INSTANCES : 0;
    return SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetMigDeviceHandleByIndex(nvmlDevice_t device, unsigned int index,
    nvmlDevice_t *mig) {
    ENTER(device);
    if (index >= (unsigned)call.board->instances) return NOT_FOUND;
    *mig = handle(call.index, (int)index);
    return SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceIsMigDeviceHandle(nvmlDevice_t device, unsigned int *is_mig) {
    ENTER(device);
    *is_mig = call.instance >= 0;
    return SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetDeviceHandleFromMigDeviceHandle(nvmlDevice_t mig, nvmlDevice_t *device) {
    ENTER(mig);
    if (call.instance < 0) return INVALID_ARGUMENT;
    *device = handle(call.index, -1);
    return SUCCESS;
}
