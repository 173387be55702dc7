/* Adds to the environment before the program begins, as some preloaded libraries do: its variables move to another place. */
#include <stdlib.h>

__attribute__((constructor)) static void add(void) { setenv("MOVED_ENVIRONMENT", "1", 1); }
