#ifndef NIMMER_CTERMINAL_H
#define NIMMER_CTERMINAL_H

#include <stddef.h>
#include <termios.h>

// What must happen inside a signal handler, where Swift may not run: only async-signal-safe calls are made there.

/// From now until nimmer_terminal_disarm, a crash of the process or its exit() gives the terminal back: the bytes of `leave`
/// are written to `output`, `settings` are set on `input`, and what was written to `errors` (a memory file that stands in
/// for standard error; -1 for none) is copied to `real_errors`. The signal then takes its course.
/// `leave` must stay valid until disarmed. Returns 0, or an errno.
int nimmer_terminal_arm(int input, int output, const struct termios *settings, const char *leave, size_t leave_length,
                        int errors, int real_errors);

/// Ends what nimmer_terminal_arm began; the terminal is not touched.
void nimmer_terminal_disarm(void);

/// Gives the terminal back now, as a crash would, and disarms. Does nothing when not armed.
void nimmer_terminal_give_back(void);

/// Writes the number of each of these signals, one byte each, into a pipe when it arrives, instead of what the signal does.
/// Returns the end to read from (not blocking), or -1 with errno set. To be called once; nimmer_signals_ignore ends it.
int nimmer_signals_listen(const int *signals, size_t count);

/// Lets the signals do again what they did before, and closes the pipe.
void nimmer_signals_ignore(void);

/// Stops the process as Ctrl-Z does, and its whole group; returns when it was continued.
void nimmer_stop_self(void);

/// A file in memory, closed on exec; -1 with errno set when there can be none.
int nimmer_terminal_memory(void);

#endif
