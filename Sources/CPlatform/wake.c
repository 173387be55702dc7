#include "CPlatform.h"

#include <sys/eventfd.h>

int nimmer_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }
