/* Quantities over time. Every kind knows its exact integral, so that a figure can be held against the
 * truth. Script times are milliseconds, see script.c. */
#include "fake.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum kind { LINE, SQUARE, RAMP, BURSTY, STEPS, LINES };

/* From `at` on the value is `value` (STEPS, BURSTY) or runs straight to the next point's (LINES). */
struct point {
    double at, value, integral;
};

struct signal {
    enum kind kind;
    double low, high;          /* also: start value and slope of a LINE */
    double from, to;           /* RAMP */
    double period, duty, phase; /* SQUARE; a period also repeats STEPS and LINES */
    double mean_high, mean_low; /* BURSTY, seconds */
    uint64_t random;
    struct point *points;
    int count, room;
};

static double uniform(uint64_t *random) {
    uint64_t mixed = *random += 0x9e3779b97f4a7c15ull;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ull;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebull;
    return ((double)((mixed ^ (mixed >> 31)) >> 11) + 0.5) / 9007199254740992.0;
}

static double piece_value(const struct signal *signal, int index, double at) {
    const struct point *here = &signal->points[index];
    if (signal->kind != LINES || index + 1 >= signal->count) return here->value;
    const struct point *next = here + 1;
    if (next->at <= here->at) return next->value;
    return here->value + (next->value - here->value) * (at - here->at) / (next->at - here->at);
}

/* From the point on, within its piece. */
static double piece_integral(const struct signal *signal, int index, double at) {
    const struct point *here = &signal->points[index];
    return (here->value + piece_value(signal, index, at)) / 2.0 * (at - here->at);
}

static void add_point(struct signal *signal, double at, double value) {
    if (signal->count == signal->room) {
        signal->room = signal->room ? signal->room * 2 : 64;
        signal->points = realloc(signal->points, sizeof(struct point) * (size_t)signal->room);
    }
    signal->points[signal->count++] = (struct point){at, value, 0.0};
    if (signal->count > 1) {
        struct point *last = &signal->points[signal->count - 1];
        last->integral = last[-1].integral + piece_integral(signal, signal->count - 2, at);
    }
}

/* Bursts are drawn as far as somebody looks, always in the same order. */
static void draw_until(struct signal *signal, double at) {
    while (signal->points[signal->count - 1].at <= at) {
        const struct point *last = &signal->points[signal->count - 1];
        int was_low = last->value == signal->low;
        double mean = was_low ? signal->mean_low : signal->mean_high;
        double length = fmax(-mean * log(uniform(&signal->random)), 1e-6);
        add_point(signal, last->at + length, was_low ? signal->high : signal->low);
    }
}

static int piece_at(const struct signal *signal, double at) {
    int low = 0, high = signal->count - 1;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (signal->points[middle].at <= at) low = middle;
        else high = middle - 1;
    }
    return low;
}

double signal_value(struct signal *signal, double at) {
    switch (signal->kind) {
    case LINE:
        return signal->low + signal->high * at;
    case SQUARE: {
        double turns = at / signal->period - signal->phase;
        return turns - floor(turns) < signal->duty ? signal->high : signal->low;
    }
    case RAMP: {
        double share = (at - signal->from) / (signal->to - signal->from);
        return signal->low + (signal->high - signal->low) * fmin(fmax(share, 0.0), 1.0);
    }
    case BURSTY:
        if (at > 0.0) draw_until(signal, at);
        break;
    default:
        break;
    }
    if (signal->period > 0.0) at -= signal->period * floor(at / signal->period);
    if (at <= signal->points[0].at) return signal->points[0].value;
    return piece_value(signal, piece_at(signal, at), at);
}

static double square_integral(const struct signal *signal, double at) {
    double turns = at / signal->period - signal->phase, whole = floor(turns), rest = turns - whole;
    double mean = signal->high * signal->duty + signal->low * (1.0 - signal->duty);
    double begun = signal->high * fmin(rest, signal->duty) + signal->low * fmax(rest - signal->duty, 0.0);
    return signal->period * (mean * whole + begun);
}

static double ramp_integral(const struct signal *signal, double at) {
    double inside = fmin(fmax(at, signal->from), signal->to) - signal->from;
    double slope = (signal->high - signal->low) / (signal->to - signal->from);
    return signal->low * fmin(at, signal->from) + signal->low * inside + slope * inside * inside / 2.0 +
           signal->high * fmax(at - signal->to, 0.0);
}

static double points_integral(struct signal *signal, double at) {
    if (at <= signal->points[0].at) return signal->points[0].value * (at - signal->points[0].at);
    int index = piece_at(signal, at);
    return signal->points[index].integral + piece_integral(signal, index, at);
}

/* The integral from wherever is handy. */
static double antiderivative(struct signal *signal, double at) {
    switch (signal->kind) {
    case LINE:
        return (signal->low + signal->high * at / 2.0) * at;
    case SQUARE:
        return square_integral(signal, at);
    case RAMP:
        return ramp_integral(signal, at);
    case BURSTY:
        if (at > 0.0) draw_until(signal, at);
        return points_integral(signal, at);
    default:
        break;
    }
    if (signal->period <= 0.0) return points_integral(signal, at);
    double turns = floor(at / signal->period), begin = points_integral(signal, 0.0);
    double one = points_integral(signal, signal->period) - begin;
    return turns * one + points_integral(signal, at - turns * signal->period) - begin;
}

double signal_integral(struct signal *signal, double at) {
    return antiderivative(signal, at) - antiderivative(signal, 0.0);
}

double sum_value(const struct sum *sum, double at) {
    double value = 0.0;
    for (int i = 0; i < sum->count; i++) value += signal_value(sum->signals[i], at);
    return value;
}

double sum_integral(const struct sum *sum, double at) {
    double integral = 0.0;
    for (int i = 0; i < sum->count; i++) integral += signal_integral(sum->signals[i], at);
    return integral;
}

static int numbers(char **words, int count, double *values, int least, int most) {
    if (count < least || count > most) return 0;
    for (int i = 0; i < count; i++) {
        char *end;
        values[i] = strtod(words[i], &end);
        if (*end || !isfinite(values[i])) return 0;
    }
    return 1;
}

static int read_points(struct signal *signal, char **words, int count) {
    int repeat = count > 0 && !strcmp(words[0], "repeat");
    for (int i = repeat; i < count; i++) {
        char *end;
        double at = strtod(words[i], &end) / 1e3;
        if (*end != ':' || (signal->count && at < signal->points[signal->count - 1].at)) return 0;
        double value = strtod(end + 1, &end);
        if (*end) return 0;
        add_point(signal, at, value);
    }
    if (repeat && signal->count) signal->period = signal->points[signal->count - 1].at;
    return signal->count > 0 && (!repeat || signal->period > 0.0);
}

/* The words of a signal, see script.c; null where they make none. */
struct signal *signal_read(char **words, int count) {
    double v[6] = {0};
    struct signal *signal = calloc(1, sizeof *signal);
    const char *kind = count ? words[0] : "";
    int good = 0;
    if (numbers(words, count, v, 1, 2)) {
        *signal = (struct signal){.kind = LINE, .low = v[0], .high = v[1]};
        good = 1;
    } else if (!strcmp(kind, "constant")) {
        good = numbers(words + 1, count - 1, v, 1, 1);
        *signal = (struct signal){.kind = LINE, .low = v[0]};
    } else if (!strcmp(kind, "square")) {
        v[3] = 0.5;
        good = numbers(words + 1, count - 1, v, 3, 5) && v[2] > 0.0;
        *signal = (struct signal){
            .kind = SQUARE, .low = v[0], .high = v[1], .period = v[2] / 1e3, .duty = v[3], .phase = v[4]};
    } else if (!strcmp(kind, "ramp")) {
        good = numbers(words + 1, count - 1, v, 4, 4) && v[3] > v[2];
        *signal = (struct signal){
            .kind = RAMP, .low = v[0], .high = v[1], .from = v[2] / 1e3, .to = v[3] / 1e3};
    } else if (!strcmp(kind, "bursty")) {
        good = numbers(words + 1, count - 1, v, 5, 5) && v[2] > 0.0 && v[3] > 0.0 && v[0] != v[1];
        *signal = (struct signal){.kind = BURSTY, .low = v[0], .high = v[1], .mean_high = v[2] / 1e3,
                                  .mean_low = v[3] / 1e3, .random = (uint64_t)v[4]};
        add_point(signal, 0.0, signal->low);
    } else if (!strcmp(kind, "steps") || !strcmp(kind, "lines")) {
        signal->kind = kind[0] == 's' ? STEPS : LINES;
        good = read_points(signal, words + 1, count - 1);
    }
    if (good) return signal;
    signal_free(signal);
    return NULL;
}

void signal_free(struct signal *signal) {
    if (signal) free(signal->points);
    free(signal);
}
