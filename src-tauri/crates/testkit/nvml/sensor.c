/* What sensors make of the true power: when they look, over which stretch, and how far they are off.
 * The model is that of "Part-time power measurements" (arXiv 2312.02741): a value is taken every
 * `update`, is the mean over the `window` before it (25 ms of every 100 ms on an H100, a whole second
 * for the averaged field), and has a gain and an offset of its board. */
#include "fake.h"
#include <math.h>

/* The last instant at or before `at` at which a sensor looked. */
static double looked(double at, double every, double phase) {
    return every > 0.0 ? floor((at - phase) / every) * every + phase : at;
}

/* Standard normal, the same for the same look. */
static double normal(unsigned seed, int64_t look) {
    uint64_t mixed[2];
    for (int i = 0; i < 2; i++) {
        uint64_t x = ((uint64_t)seed << 32) ^ ((uint64_t)look * 2 + (uint64_t)i) ^ 0x5851f42d4c957f2dull;
        x += 0x9e3779b97f4a7c15ull;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
        x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
        mixed[i] = x ^ (x >> 31);
    }
    double u = ((double)(mixed[0] >> 11) + 0.5) / 9007199254740992.0;
    double v = ((double)(mixed[1] >> 11) + 0.5) / 9007199254740992.0;
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}

double gauge_watts(const struct gauge *gauge, const struct sum *power, double at) {
    double look = looked(at - gauge->late, gauge->update, gauge->phase);
    double watts = gauge->window > 0.0
                       ? (sum_integral(power, look) - sum_integral(power, look - gauge->window)) / gauge->window
                       : sum_value(power, look);
    watts = watts * gauge->gain + gauge->offset;
    if (gauge->noise > 0.0) watts += gauge->noise * normal(gauge->seed, (int64_t)llround(look * 1e6));
    if (gauge->resolution > 0.0) watts = round(watts / gauge->resolution) * gauge->resolution;
    return fmax(watts, 0.0);
}

double counter_joules(const struct counter *counter, const struct sum *power, double at) {
    double look = looked(at, counter->tick, counter->phase), joules;
    if (within(counter->frozen, look)) look = counter->frozen.from;
    if (look >= counter->reset)
        joules = (sum_integral(power, look) - sum_integral(power, counter->reset)) * counter->gain;
    else joules = counter->start + sum_integral(power, look) * counter->gain;
    for (int i = 0; i < counter->jump_count; i++)
        if (look >= counter->jumps[i].at) joules += counter->jumps[i].joules;
    joules = fmax(joules, 0.0);
    if (counter->wrap > 0.0) joules = fmod(joules, counter->wrap);
    if (counter->resolution > 0.0) joules = floor(joules / counter->resolution + 1e-9) * counter->resolution;
    return joules;
}
