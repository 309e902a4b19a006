/* What a program can set on a board. The values are kept in the shared state (state.c), so that a
 * second process sees what a first one set. */
#include "fake.h"
