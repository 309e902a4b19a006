/* A stand-in for the driver's NVML library: speaks the functions that the meter calls and plays the
 * boards that a script describes. The script lies beside the library, as <library>.script, and is
 * read anew on every call, so that a test can change the boards while they are being read.
 *
 * One word and its values per line; boards are numbered from 0:
 *   init CODE              what nvmlInit returns
 *   driver TEXT            driver version
 *   devices N
 *   name I TEXT
 *   uuid I TEXT
 *   power I WATTS [SLOPE]  watts at load time, and watts per second after it
 *   counter I ticks MS | frozen | CODE      energy counter: moves every MS milliseconds
 *   instant I CODE         what the instant power field returns
 *   average I CODE         what the averaged power returns
 *   integral I FACTOR      told power over true power
 *   lost I                 every reading fails as if the board had fallen off the bus
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef int nvmlReturn_t;
typedef struct nvmlDevice_st *nvmlDevice_t;
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
    int valueType; /* 1 is unsigned int */
    nvmlReturn_t nvmlReturn;
    nvmlValue_t value;
} nvmlFieldValue_t;

enum {
    SUCCESS = 0,
    INVALID_ARGUMENT = 2,
    NOT_SUPPORTED = 3,
    INSUFFICIENT_SIZE = 7,
    GPU_IS_LOST = 15,
    FIELD_POWER_INSTANT = 186
};

static double loaded_at;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

__attribute__((constructor)) static void load(void) { loaded_at = now(); }

/* Copies what follows `word [index]` on its line into `value`; 0 when there is no such line. */
static int line(const char *word, int index, char *value, size_t size) {
    Dl_info here;
    char path[4096], text[512], key[64];
    int found = 0;
    if (!dladdr((void *)&load, &here)) return 0;
    snprintf(path, sizeof path, "%s.script", here.dli_fname);
    if (index < 0) snprintf(key, sizeof key, "%s ", word);
    else snprintf(key, sizeof key, "%s %d", word, index);
    FILE *script = fopen(path, "r");
    if (!script) return 0;
    while (!found && fgets(text, sizeof text, script)) {
        size_t length = strlen(key);
        text[strcspn(text, "\n")] = 0;
        if (strncmp(text, key, length)) continue;
        if (index >= 0 && text[length] != ' ' && text[length] != 0) continue;
        snprintf(value, size, "%s", text + length + (index >= 0 && text[length] == ' '));
        found = 1;
    }
    fclose(script);
    return found;
}

static int number(const char *word, int index, int otherwise) {
    char value[64];
    return line(word, index, value, sizeof value) ? atoi(value) : otherwise;
}

/* Handles are the board's number plus one, so that none is null. */
static int board(nvmlDevice_t device) { return (int)(size_t)device - 1; }

static nvmlReturn_t lost(int index) {
    char value[8];
    return line("lost", index, value, sizeof value) ? GPU_IS_LOST : SUCCESS;
}

static void power(int index, double *watts, double *slope) {
    char value[128];
    *watts = 100.0;
    *slope = 0.0;
    if (line("power", index, value, sizeof value)) sscanf(value, "%lf %lf", watts, slope);
}

static unsigned int milliwatts_now(int index) {
    double watts, slope, factor = 1.0;
    char value[64];
    power(index, &watts, &slope);
    if (line("integral", index, value, sizeof value)) factor = atof(value);
    return (unsigned int)((watts + slope * (now() - loaded_at)) * factor * 1e3);
}

static nvmlReturn_t text(const char *word, int index, const char *otherwise, char *to, unsigned int size) {
    char value[256];
    if (!line(word, index, value, sizeof value)) snprintf(value, sizeof value, "%s", otherwise);
    if (strlen(value) + 1 > size) return INSUFFICIENT_SIZE;
    strcpy(to, value);
    return SUCCESS;
}

nvmlReturn_t nvmlInit_v2(void) { return number("init", -1, SUCCESS); }
nvmlReturn_t nvmlInitWithFlags(unsigned int flags) { (void)flags; return nvmlInit_v2(); }
nvmlReturn_t nvmlShutdown(void) { return SUCCESS; }

const char *nvmlErrorString(nvmlReturn_t code) {
    return code == SUCCESS ? "Success" : "an error that the script asked for";
}

nvmlReturn_t nvmlSystemGetDriverVersion(char *version, unsigned int size) {
    return text("driver", -1, "580.00", version, size);
}

nvmlReturn_t nvmlDeviceGetCount_v2(unsigned int *count) {
    *count = (unsigned int)number("devices", -1, 1);
    return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned int index, nvmlDevice_t *device) {
    if (index >= (unsigned int)number("devices", -1, 1)) return INVALID_ARGUMENT;
    *device = (nvmlDevice_t)(size_t)(index + 1);
    return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t device, char *name, unsigned int size) {
    return text("name", board(device), "Scripted GPU", name, size);
}

nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t device, char *uuid, unsigned int size) {
    return text("uuid", board(device), "GPU-00000000", uuid, size);
}

nvmlReturn_t nvmlDeviceGetTotalEnergyConsumption(nvmlDevice_t device, unsigned long long *millijoules) {
    int index = board(device);
    char value[64] = "ticks 20";
    double watts, slope, elapsed = now() - loaded_at;
    if (lost(index)) return GPU_IS_LOST;
    line("counter", index, value, sizeof value);
    if (!strcmp(value, "frozen")) elapsed = 0.0;
    else if (!strncmp(value, "ticks", 5)) {
        double tick = atof(value + 5) / 1e3;
        if (tick > 0.0) elapsed = tick * (double)(unsigned long long)(elapsed / tick);
    } else return atoi(value);
    power(index, &watts, &slope);
    *millijoules = 5000000ull + (unsigned long long)((watts + slope * elapsed / 2.0) * elapsed * 1e3);
    return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t device, unsigned int *milliwatts) {
    int index = board(device), code = number("average", index, SUCCESS);
    if (lost(index)) return GPU_IS_LOST;
    *milliwatts = milliwatts_now(index);
    return code;
}

nvmlReturn_t nvmlDeviceGetFieldValues(nvmlDevice_t device, int count, nvmlFieldValue_t *values) {
    int index = board(device);
    if (lost(index)) return GPU_IS_LOST;
    for (int at = 0; at < count; at++) {
        nvmlFieldValue_t *field = &values[at];
        field->nvmlReturn =
            field->fieldId == FIELD_POWER_INSTANT ? number("instant", index, SUCCESS) : NOT_SUPPORTED;
        field->valueType = 1;
        field->value.uiVal = milliwatts_now(index);
    }
    return SUCCESS;
}
