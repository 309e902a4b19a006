/* What a program can set on a board. The values are kept in the shared state (state.c), so that a
 * second process sees what a first one set. Everybody may set them; a script that says
 * `fault 0 nvmlDeviceSetPowerManagementLimit 4` denies it. */
#include "fake.h"
#include <math.h>

enum { LOWEST_MHZ = 210, HIGHEST_MHZ = 1980, STEP_MHZ = 15, MEMORY_MHZ = 2619 };

EXPORT nvmlReturn_t nvmlDeviceSetPowerManagementLimit(nvmlDevice_t device, unsigned int milliwatts) {
    ENTER(device);
    if (call.instance >= 0) return NOT_SUPPORTED;
    const struct board *board = call.board;
    if (milliwatts < llround(board->limit_least * 1e3) || milliwatts > llround(board->limit_most * 1e3))
        return INVALID_ARGUMENT;
    call.state->limit_mw = milliwatts;
    return SUCCESS;
}

/* Gives `all` of them, or how many there are where there is too little room. */
static nvmlReturn_t list(unsigned highest, unsigned step, unsigned all, unsigned *count, unsigned *mhz) {
    unsigned room = *count;
    *count = all;
    if (room < all) return INSUFFICIENT_SIZE;
    for (unsigned i = 0; i < all; i++) mhz[i] = highest - i * step;
    return SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceGetSupportedMemoryClocks(nvmlDevice_t device, unsigned int *count,
    unsigned int *mhz) {
    ENTER(device);
    if (call.instance >= 0) return NOT_SUPPORTED;
    return list(MEMORY_MHZ, 0, 1, count, mhz);
}

EXPORT nvmlReturn_t nvmlDeviceGetSupportedGraphicsClocks(nvmlDevice_t device, unsigned int memory_mhz,
    unsigned int *count, unsigned int *mhz) {
    ENTER(device);
    if (call.instance >= 0) return NOT_SUPPORTED;
    if (memory_mhz != MEMORY_MHZ) return NOT_FOUND;
    return list(HIGHEST_MHZ, STEP_MHZ, (HIGHEST_MHZ - LOWEST_MHZ) / STEP_MHZ + 1, count, mhz);
}

EXPORT nvmlReturn_t nvmlDeviceSetGpuLockedClocks(nvmlDevice_t device, unsigned int least_mhz,
    unsigned int most_mhz) {
    ENTER(device);
    if (call.instance >= 0) return NOT_SUPPORTED;
    if (least_mhz > most_mhz || most_mhz < LOWEST_MHZ || most_mhz > HIGHEST_MHZ) return INVALID_ARGUMENT;
    call.state->locked_least_mhz = least_mhz;
    call.state->locked_most_mhz = most_mhz;
    return SUCCESS;
}

EXPORT nvmlReturn_t nvmlDeviceResetGpuLockedClocks(nvmlDevice_t device) {
    ENTER(device);
    if (call.instance >= 0) return NOT_SUPPORTED;
    call.state->locked_least_mhz = call.state->locked_most_mhz = 0;
    return SUCCESS;
}
