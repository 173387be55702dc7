#define _GNU_SOURCE
#include "CPlatform.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Numbers that older kernel headers lack; the same on every architecture.
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

struct failure {
    int step;
    int error;
};

static void fail(int report, int step) {
    struct failure failure = {step, errno};
    ssize_t written = write(report, &failure, sizeof failure);
    (void)written;
    _exit(127);
}

static void close_others_on_exec(void) {
    if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
    for (int descriptor = 3; descriptor < 65536; descriptor++) {
        fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    }
}

static void child(const struct nimmer_spawn_request *request, int report, pid_t parent, const sigset_t *none) {
    // Above the standard three, so that dup2 below cannot overwrite one that is still needed.
    report = fcntl(report, F_DUPFD_CLOEXEC, 3);
    int input = fcntl(request->standard_input, F_DUPFD_CLOEXEC, 3);
    int output = fcntl(request->standard_output, F_DUPFD_CLOEXEC, 3);
    int error = fcntl(request->standard_error, F_DUPFD_CLOEXEC, 3);

    setpgid(0, 0);
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number < 65; number++) sigaction(number, &standard, NULL);

    if (report < 0 || input < 0 || output < 0 || error < 0 || dup2(input, 0) < 0 || dup2(output, 1) < 0
        || dup2(error, 2) < 0) {
        fail(report, NIMMER_SPAWN_STREAMS);
    }
    if (request->changes_user) {
        // Raw calls: the library's wrappers signal every thread of the parent, which is not safe after fork.
        if (syscall(SYS_setgroups, request->group_count, request->groups) != 0
            || syscall(SYS_setresgid, request->group, request->group, request->group) != 0
            || syscall(SYS_setresuid, request->user, request->user, request->user) != 0) {
            fail(report, NIMMER_SPAWN_USER);
        }
    }
    if (request->working_directory && chdir(request->working_directory) != 0) fail(report, NIMMER_SPAWN_FOLDER);
    if (request->death_signal) {
        // After the change of user, which clears it.
        prctl(PR_SET_PDEATHSIG, request->death_signal);
        if (getppid() != parent) _exit(127);
    }
    close_others_on_exec();
    sigprocmask(SIG_SETMASK, none, NULL);
    execve(request->path, request->arguments, request->environment);
    fail(report, NIMMER_SPAWN_EXEC);
}

int nimmer_spawn(const struct nimmer_spawn_request *request, pid_t *pid, int *failed_step) {
    *failed_step = NIMMER_SPAWN_FORK;
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) return errno;

    // No handler of the parent may run in the child before exec.
    sigset_t all, before, none;
    sigfillset(&all);
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t parent = getpid();
    pid_t started = fork();
    int error = errno;
    if (started == 0) child(request, report[1], parent, &none);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(report[1]);
    if (started < 0) {
        close(report[0]);
        return error;
    }

    struct failure failure = {0, 0};
    ssize_t count;
    do {
        count = read(report[0], &failure, sizeof failure);
    } while (count < 0 && errno == EINTR);
    close(report[0]);
    if (count == (ssize_t)sizeof failure) {
        while (waitpid(started, NULL, 0) < 0 && errno == EINTR) {}
        *failed_step = failure.step;
        return failure.error;
    }
    *pid = started;
    return 0;
}

int nimmer_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0U); }

int nimmer_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int nimmer_has_ended(pid_t pid) {
    siginfo_t info = {0};
    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0) return -1;
    return info.si_pid == pid ? 1 : 0;
}
