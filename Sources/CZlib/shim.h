// zlib (zlib1g-dev).
#include <zlib.h>

// A macro of zlib: a stream that writes gzip.
static inline int nimmer_deflate_gzip(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}
