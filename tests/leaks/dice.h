/* dice.h -- random numbers that a seed repeats (splitmix64). */
#ifndef DICE_H
#define DICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dice {
    uint64_t state;
};

static inline uint64_t dice_roll(struct dice *d)
{
    uint64_t z = (d->state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* 0 to n - 1 */
static inline size_t dice_below(struct dice *d, size_t n)
{
    return n ? (size_t)(dice_roll(d) % n) : 0;
}

/* first to last, both included */
static inline int64_t dice_between(struct dice *d, int64_t first, int64_t last)
{
    return first + (int64_t)dice_below(d, (size_t)(last - first + 1));
}

static inline bool dice_chance(struct dice *d, unsigned percent)
{
    return dice_below(d, 100) < percent;
}

#define DICE_PICK(dice, array) ((array)[dice_below((dice), sizeof(array) / sizeof((array)[0]))])

#endif
