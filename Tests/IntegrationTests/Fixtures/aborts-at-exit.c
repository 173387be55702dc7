/* Stands for a library whose handlers at the end of a process meet threads that still use what they free. */
#include <stdlib.h>

__attribute__((destructor)) static void end(void) { abort(); }
