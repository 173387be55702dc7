// The files of the page in a browser, embedded into the program.
#pragma once
#include <stddef.h>

typedef struct {
    const char *name;
    const unsigned char *bytes;
    size_t count;
} nimmer_embedded_asset;

extern const int nimmer_asset_count;

/// A file by its number, from 0 to nimmer_asset_count - 1.
nimmer_embedded_asset nimmer_asset(int number);
