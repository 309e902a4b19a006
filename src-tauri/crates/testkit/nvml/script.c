/* The script: a text file beside the library, <library>.script, read when the library is loaded, at
 * nvmlInit and whenever a test replaces it, never within a call that reads a sensor. Without one
 * there is a single board at a steady 100 W.
 *
 * One word and its values per line; # begins a comment. Boards are numbered from 0 (I below). Times
 * are milliseconds of the script's clock, which begins when the library is loaded, or is whatever a
 * test sets. CODE is an NVML return code, as a number. A line that is not understood makes nvmlInit
 * fail, and the test's own handle refuse the script.
 *
 * The system
 *   init CODE | count CODE       what nvmlInit, nvmlDeviceGetCount return
 *   driver TEXT                  driver version
 *   devices N                    boards, 1 to 16
 *   fault I|* CALL CODE [FROM [TO]]
 *                                what an NVML function returns, such as
 *                                fault 0 nvmlDeviceGetName 999; * means all boards, and calls
 *                                without one
 *
 * A board
 *   name I TEXT   uuid I TEXT
 *   arch I NAME [MAJOR.MINOR]    kepler maxwell pascal volta turing ampere ada hopper blackwell
 *                                unknown, and the compute capability; 8.0 is GA100
 *   handle I CODE                what nvmlDeviceGetHandleByIndex returns
 *   lost I [FROM [TO]]           every call fails as if the board had fallen off the bus
 *   power I SIGNAL               true watts; several lines add up
 *
 * A SIGNAL is one of
 *   VALUE [SLOPE]                and its change per second
 *   constant VALUE
 *   square LOW HIGH PERIOD [DUTY [PHASE]]    high for the fraction DUTY of each period, beginning at
 *                                            the fraction PHASE
 *   ramp BEGIN END FROM TO                   straight between two instants, level outside
 *   bursty LOW HIGH MEAN_HIGH MEAN_LOW SEED  on and off for exponentially distributed times
 *   steps [repeat] MS:VALUE MS:VALUE …       level from each instant on
 *   lines [repeat] MS:VALUE MS:VALUE …       straight between them, such as a recorded load;
 *                                            `repeat` begins anew at the last instant
 *
 * Sensors; words may be left out
 *   counter I [CODE] [ticks MS] [phase MS] [resolution MJ] [gain F] [start J] [wrap J] [frozen]
 *             [freeze MS] [thaw MS] [jump MS J] [reset MS]
 *                                energy counter. `frozen` is frozen from the start; thawing catches
 *                                up; a jump of negative J goes back
 *   instant I [CODE] [update MS] [phase MS] [window MS] [late MS] [gain F] [offset W]
 *             [noise W [SEED]] [resolution W]
 *                                the instant power field (186), and nvmlDeviceGetPowerUsage before
 *                                Ampere and on GA100
 *   average I …                  the averaged field (185), and nvmlDeviceGetPowerUsage elsewhere.
 *                                Unless told otherwise: update 100 window 1000
 *   usage I CODE                 nvmlDeviceGetPowerUsage alone
 *   integral I FACTOR            gain of both power fields
 *
 * The rest of a board's state
 *   temperature I SIGNAL   sm-clock I SIGNAL   memory-clock I SIGNAL   p-state I SIGNAL
 *                                degrees Celsius, MHz, MHz, 0 to 15
 *   busy I SIGNAL   memory-busy I SIGNAL     per cent of the time; 0 unless told otherwise
 *   limit I SIGNAL               enforced power limit, watts; else what a caller set, else the default
 *   limits I LEAST MOST DEFAULT  range of the power limit, watts
 *   memory I TOTAL FREE          bytes; unless told, the board does not tell its memory
 *   throttle I REASONS [FROM [TO]]           bits of nvmlClocksEventReasons, such as 0x40
 *   process I compute|graphics PID BYTES [FROM [TO]]
 *   mig I N                      MIG is on, with N instances
 */
#include "fake.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 4096 };

static int number(const char *word, double *value) {
    char *end;
    *value = strtod(word, &end);
    return end != word && !*end;
}

/* [FROM [TO]] in milliseconds; always when both are left out. */
static int read_span(char **words, int count, struct span *span) {
    double from = -INFINITY, to = INFINITY;
    if (count > 2) return 0;
    if (count > 0 && !number(words[0], &from)) return 0;
    if (count > 1 && !number(words[1], &to)) return 0;
    *span = (struct span){from / 1e3, to / 1e3};
    return 1;
}

static int read_gauge(struct gauge *gauge, char **words, int count) {
    double value;
    if (count > 0 && number(words[0], &value)) {
        gauge->code = (nvmlReturn_t)value;
        words++, count--;
    }
    for (int i = 0; i + 1 < count; i += 2) {
        const char *word = words[i];
        if (!number(words[i + 1], &value)) return 0;
        if (!strcmp(word, "update")) gauge->update = value / 1e3;
        else if (!strcmp(word, "phase")) gauge->phase = value / 1e3;
        else if (!strcmp(word, "window")) gauge->window = value / 1e3;
        else if (!strcmp(word, "late")) gauge->late = value / 1e3;
        else if (!strcmp(word, "gain")) gauge->gain = value;
        else if (!strcmp(word, "offset")) gauge->offset = value;
        else if (!strcmp(word, "resolution")) gauge->resolution = value;
        else if (!strcmp(word, "noise")) {
            gauge->noise = value;
            if (i + 2 < count && number(words[i + 2], &value)) gauge->seed = (unsigned)value, i++;
        } else return 0;
        if (i + 2 == count - 1) return 0;
    }
    return count != 1;
}

static int read_counter(struct counter *counter, char **words, int count) {
    double value, joules;
    if (count > 0 && number(words[0], &value)) {
        counter->code = (nvmlReturn_t)value;
        words++, count--;
    }
    for (int i = 0; i < count; i++) {
        const char *word = words[i];
        if (!strcmp(word, "frozen")) {
            counter->frozen.from = 0.0;
            continue;
        }
        if (++i >= count || !number(words[i], &value)) return 0;
        if (!strcmp(word, "ticks")) counter->tick = value / 1e3;
        else if (!strcmp(word, "phase")) counter->phase = value / 1e3;
        else if (!strcmp(word, "resolution")) counter->resolution = value / 1e3;
        else if (!strcmp(word, "gain")) counter->gain = value;
        else if (!strcmp(word, "start")) counter->start = value;
        else if (!strcmp(word, "wrap")) counter->wrap = value;
        else if (!strcmp(word, "freeze")) counter->frozen.from = value / 1e3;
        else if (!strcmp(word, "thaw")) counter->frozen.to = value / 1e3;
        else if (!strcmp(word, "reset")) counter->reset = value / 1e3;
        else if (!strcmp(word, "jump")) {
            if (++i >= count || !number(words[i], &joules) || counter->jump_count == 8) return 0;
            counter->jumps[counter->jump_count++] = (struct jump){value / 1e3, joules};
        } else return 0;
    }
    return 1;
}

static int add_signal(struct sum *sum, char **words, int count, int alone) {
    struct signal *signal = signal_read(words, count);
    if (!signal) return 0;
    if (alone)
        for (; sum->count > 0; sum->count--) signal_free(sum->signals[sum->count - 1]);
    sum->signals = realloc(sum->signals, sizeof *sum->signals * (size_t)(sum->count + 1));
    sum->signals[sum->count++] = signal;
    return 1;
}

static void level(struct sum *sum, const char *value) {
    char *words[] = {(char *)value};
    add_signal(sum, words, 1, 1);
}

static void plain_board(struct board *board, int index) {
    struct span never = {INFINITY, INFINITY};
    *board = (struct board){.architecture = 9, .major = 9, .limit_least = 100, .limit_most = 400,
                            .limit_default = 350, .lost = never};
    snprintf(board->name, sizeof board->name, "Scripted GPU");
    snprintf(board->uuid, sizeof board->uuid, "GPU-%08d", index);
    board->instant = (struct gauge){.gain = 1.0, .resolution = 1e-3};
    board->average = (struct gauge){.gain = 1.0, .resolution = 1e-3, .update = 0.1, .window = 1.0};
    board->counter = (struct counter){.tick = 0.02, .resolution = 1e-3, .start = 5000.0, .gain = 1.0,
                                      .frozen = never, .reset = INFINITY};
    board->usage_code = -1;
    level(&board->temperature, "50");
    level(&board->sm_clock, "1500");
    level(&board->memory_clock, "2000");
    level(&board->p_state, "0");
    level(&board->busy, "0");
    level(&board->memory_busy, "0");
}

static int architecture(struct board *board, char **words, int count) {
    static const struct {
        const char *name;
        unsigned number;
        int major, minor;
    } known[] = {{"kepler", 2, 3, 5}, {"maxwell", 3, 5, 2}, {"pascal", 4, 6, 1},  {"volta", 5, 7, 0},
                 {"turing", 6, 7, 5}, {"ampere", 7, 8, 6},  {"ada", 8, 8, 9},     {"hopper", 9, 9, 0},
                 {"blackwell", 10, 10, 0}, {"unknown", 0xffffffffu, 99, 0}};
    if (count < 1 || count > 2) return 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(words[0], known[i].name)) continue;
        board->architecture = known[i].number;
        board->major = known[i].major;
        board->minor = known[i].minor;
        return count == 1 || sscanf(words[1], "%d.%d", &board->major, &board->minor) == 2;
    }
    return 0;
}

static void join(char *to, size_t size, char **words, int count) {
    *to = 0;
    for (int i = 0; i < count; i++) {
        size_t used = strlen(to);
        snprintf(to + used, size - used, "%s%s", i ? " " : "", words[i]);
    }
}

static int add_fault(struct script *script, int board, const char *call, char **words, int count) {
    double code;
    if (script->fault_count == 64 || count < 1 || !number(words[0], &code)) return 0;
    struct fault *fault = &script->faults[script->fault_count++];
    fault->board = board;
    fault->code = (nvmlReturn_t)code;
    snprintf(fault->call, sizeof fault->call, "%s", call);
    return read_span(words + 1, count - 1, &fault->when);
}

static int board_line(struct script *script, int index, char **words, int count) {
    struct board *board = &script->boards[index];
    const char *word = words[0];
    char **rest = words + 2;
    int left = count - 2;
    double value, most, least;
    if (!strcmp(word, "name")) join(board->name, sizeof board->name, rest, left);
    else if (!strcmp(word, "uuid")) join(board->uuid, sizeof board->uuid, rest, left);
    else if (!strcmp(word, "arch")) return architecture(board, rest, left);
    else if (!strcmp(word, "handle"))
        return add_fault(script, index, "nvmlDeviceGetHandleByIndex_v2", rest, left);
    else if (!strcmp(word, "lost")) {
        struct span always = {-INFINITY, INFINITY};
        board->lost = always;
        return read_span(rest, left, &board->lost);
    } else if (!strcmp(word, "power")) return add_signal(&board->power, rest, left, 0);
    else if (!strcmp(word, "temperature")) return add_signal(&board->temperature, rest, left, 1);
    else if (!strcmp(word, "sm-clock")) return add_signal(&board->sm_clock, rest, left, 1);
    else if (!strcmp(word, "memory-clock")) return add_signal(&board->memory_clock, rest, left, 1);
    else if (!strcmp(word, "p-state")) return add_signal(&board->p_state, rest, left, 1);
    else if (!strcmp(word, "busy")) return add_signal(&board->busy, rest, left, 1);
    else if (!strcmp(word, "memory-busy")) return add_signal(&board->memory_busy, rest, left, 1);
    else if (!strcmp(word, "limit")) return add_signal(&board->limit, rest, left, 1);
    else if (!strcmp(word, "counter")) return read_counter(&board->counter, rest, left);
    else if (!strcmp(word, "instant")) return read_gauge(&board->instant, rest, left);
    else if (!strcmp(word, "average")) return read_gauge(&board->average, rest, left);
    else if (!strcmp(word, "usage")) {
        if (left != 1 || !number(rest[0], &value)) return 0;
        board->usage_code = (nvmlReturn_t)value;
    } else if (!strcmp(word, "integral")) {
        if (left != 1 || !number(rest[0], &value)) return 0;
        board->instant.gain = board->average.gain = value;
    } else if (!strcmp(word, "limits")) {
        if (left != 3 || !number(rest[0], &least) || !number(rest[1], &most) || !number(rest[2], &value))
            return 0;
        board->limit_least = least;
        board->limit_most = most;
        board->limit_default = value;
    } else if (!strcmp(word, "memory")) {
        double total;
        if (left != 2 || !number(rest[0], &total) || !number(rest[1], &value)) return 0;
        board->memory_total = total;
        board->memory_free = value;
    } else if (!strcmp(word, "throttle")) {
        if (left < 1 || board->throttle_count == 16) return 0;
        struct throttle *throttle = &board->throttles[board->throttle_count++];
        throttle->reasons = strtoull(rest[0], NULL, 0);
        return read_span(rest + 1, left - 1, &throttle->when);
    } else if (!strcmp(word, "process")) {
        if (left < 3 || board->process_count == 32) return 0;
        struct process *process = &board->processes[board->process_count++];
        process->compute = !strcmp(rest[0], "compute");
        process->pid = (unsigned)strtoul(rest[1], NULL, 10);
        process->memory = strtoull(rest[2], NULL, 10);
        return (process->compute || !strcmp(rest[0], "graphics")) &&
               read_span(rest + 3, left - 3, &process->when);
    } else if (!strcmp(word, "mig")) {
        if (left != 1 || !number(rest[0], &value) || value > INSTANCES) return 0;
        board->mig = 1;
        board->instances = (int)value;
    } else return 0;
    return 1;
}

static int line(struct script *script, char **words, int count) {
    double value;
    const char *word = words[0];
    if (!strcmp(word, "init")) return add_fault(script, -1, "nvmlInit_v2", words + 1, count - 1);
    if (!strcmp(word, "count"))
        return add_fault(script, -1, "nvmlDeviceGetCount_v2", words + 1, count - 1);
    if (!strcmp(word, "driver")) {
        join(script->driver, sizeof script->driver, words + 1, count - 1);
        return 1;
    }
    if (count < 2) return 0;
    if (!strcmp(word, "fault") && !strcmp(words[1], "*"))
        return count >= 4 && add_fault(script, -1, words[2], words + 3, count - 3);
    if (!number(words[1], &value) || value < 0) return 0;
    if (!strcmp(word, "devices")) {
        script->devices = (unsigned)value;
        return count == 2 && value <= BOARDS;
    }
    if (value >= BOARDS) return 0;
    if (!strcmp(word, "fault"))
        return count >= 4 && add_fault(script, (int)value, words[2], words + 3, count - 3);
    return board_line(script, (int)value, words, count);
}

struct script *script_read(const char *path) {
    static char *words[WORDS];
    struct script *script = calloc(1, sizeof *script);
    char *text = NULL, *rest;
    size_t room = 0;
    snprintf(script->driver, sizeof script->driver, "580.00");
    script->devices = 1;
    for (int i = 0; i < BOARDS; i++) plain_board(&script->boards[i], i);
    FILE *file = fopen(path, "re");
    for (int at = 1; file && getline(&text, &room, file) >= 0; at++) {
        int count = 0;
        text[strcspn(text, "#\n")] = 0;
        for (char *word = strtok_r(text, " \t\r", &rest); word; word = strtok_r(NULL, " \t\r", &rest)) {
            if (count == WORDS) break;
            words[count++] = word;
        }
        if (count && (count == WORDS || !line(script, words, count)) && !script->bad_line)
            script->bad_line = at;
    }
    free(text);
    if (file) fclose(file);
    for (int i = 0; i < BOARDS; i++)
        if (!script->boards[i].power.count) level(&script->boards[i].power, "100");
    return script;
}

static void empty(struct sum *sum) {
    for (int i = 0; i < sum->count; i++) signal_free(sum->signals[i]);
    free(sum->signals);
}

void script_free(struct script *script) {
    for (int i = 0; script && i < BOARDS; i++) {
        struct board *board = &script->boards[i];
        struct sum *sums[] = {&board->power,        &board->temperature, &board->sm_clock,
                              &board->memory_clock, &board->p_state,     &board->limit,
                              &board->busy,         &board->memory_busy};
        for (size_t at = 0; at < sizeof sums / sizeof *sums; at++) empty(sums[at]);
    }
    free(script);
}

nvmlReturn_t script_fault(const struct script *script, int board, const char *call, double at) {
    for (int i = 0; i < script->fault_count; i++) {
        const struct fault *fault = &script->faults[i];
        if ((fault->board == board || fault->board < 0) && within(fault->when, at) &&
            !strcmp(fault->call, call))
            return fault->code;
    }
    return SUCCESS;
}
