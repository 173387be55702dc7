#ifndef NIMMER_CPLATFORM_H
#define NIMMER_CPLATFORM_H

#include <stddef.h>
#include <sys/types.h>

/// What to start. posix_spawn can neither change the user nor ask for a signal when the parent dies, and Swift cannot
/// run between fork and exec; hence this one function in C, whose child makes only async-signal-safe calls.
struct nimmer_spawn_request {
    const char *path;
    char *const *arguments;
    char *const *environment;
    /// NULL keeps the parent's.
    const char *working_directory;
    int standard_input;
    int standard_output;
    int standard_error;
    /// Zero keeps the parent's user, group and groups.
    int changes_user;
    uid_t user;
    gid_t group;
    const gid_t *groups;
    size_t group_count;
    /// Nonzero: the kernel sends this signal to the child when the thread that called nimmer_spawn ends.
    int death_signal;
};

enum nimmer_spawn_step {
    NIMMER_SPAWN_FORK = 0,
    NIMMER_SPAWN_STREAMS,
    NIMMER_SPAWN_FOLDER,
    NIMMER_SPAWN_USER,
    NIMMER_SPAWN_EXEC,
};

/// Starts a process in a new process group, with default signal handlers, an empty signal mask and no file descriptor
/// but the three given. Returns 0, or errno with the step that failed; a child that failed is already reaped.
int nimmer_spawn(const struct nimmer_spawn_request *request, pid_t *pid, int *failed_step);

/// A close-on-exec file descriptor that polls readable once the process has ended, or -1 with errno.
int nimmer_pidfd_open(pid_t pid);

/// A close-on-exec pipe: 0, or -1 with errno.
int nimmer_pipe(int ends[2]);

/// An eventfd that never blocks, closed on exec, or -1 with errno. (Its declaration is hidden from Swift.)
int nimmer_eventfd(void);

/// How a process ended, without reaping it: 1 when it ended, 0 when it still runs, -1 with errno.
int nimmer_has_ended(pid_t pid);

#endif
