#ifndef NIMMERVERSE_CPREFETCH_H
#define NIMMERVERSE_CPREFETCH_H

#include <stddef.h>

/// Asks the processor to fetch memory that is about to be read, line by line; never faults, never waits.
static inline void nimmer_prefetch(const void *_Nullable start, size_t bytes) {
    for (size_t offset = 0; offset < bytes; offset += 64) {
        __builtin_prefetch((const char *)start + offset, 0, 3);
    }
}

#endif
