#define _GNU_SOURCE
#include "CTerminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS, SIGQUIT};
enum { CRASHES = sizeof crashes / sizeof crashes[0], MAXIMUM_SIGNAL = 64 };

static atomic_int armed;
// Whether the handlers of crashes are ours; they stay so after the terminal was given back, until it is disarmed.
static atomic_int handling;
static struct {
    int input, output, errors, real_errors;
    struct termios settings;
    const char *leave;
    size_t leave_length;
} held;
static struct sigaction before_crash[CRASHES];
static char alternate_stack[32768];

static void write_all(int descriptor, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t written = write(descriptor, bytes, count);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        bytes += written;
        count -= (size_t)written;
    }
}

void nimmer_terminal_give_back(void) {
    if (!atomic_exchange(&armed, 0)) return;
    write_all(held.output, held.leave, held.leave_length);
    // Setting a terminal from the background would stop the process.
    sigset_t quiet, previous;
    sigemptyset(&quiet);
    sigaddset(&quiet, SIGTTOU);
    pthread_sigmask(SIG_BLOCK, &quiet, &previous);
    while (tcsetattr(held.input, TCSANOW, &held.settings) < 0 && errno == EINTR) {}
    pthread_sigmask(SIG_SETMASK, &previous, NULL);
    if (held.errors < 0) return;
    char buffer[1024];
    off_t place = 0;
    ssize_t count;
    while ((count = pread(held.errors, buffer, sizeof buffer, place)) > 0) {
        write_all(held.real_errors, buffer, (size_t)count);
        place += count;
    }
    // Pending messages, such as where it crashed, go to the terminal.
    dup2(held.real_errors, STDERR_FILENO);
}

static void crashed(int signal, siginfo_t *info, void *context) {
    (void)context;
    int error = errno;
    nimmer_terminal_give_back();
    for (int i = 0; i < CRASHES; i++)
        if (crashes[i] == signal) sigaction(signal, &before_crash[i], NULL);
    errno = error;
    // A fault happens again when the handler returns, where a debugger can catch it; what was sent does not.
    if (info->si_code <= 0 || signal == SIGTRAP) raise(signal);
}

int nimmer_terminal_arm(int input, int output, const struct termios *settings, const char *leave, size_t leave_length,
                        int errors, int real_errors) {
    static int registered;
    if (atomic_load(&armed)) return 0;
    if (!registered) {
        atexit(nimmer_terminal_give_back);
        // A stack of its own, for a crash by overflow of the main one.
        stack_t stack = {.ss_sp = alternate_stack, .ss_size = sizeof alternate_stack, .ss_flags = 0};
        sigaltstack(&stack, NULL);
        registered = 1;
    }
    held.input = input;
    held.output = output;
    held.errors = errors;
    held.real_errors = real_errors;
    held.settings = *settings;
    held.leave = leave;
    held.leave_length = leave_length;
    atomic_store(&armed, 1);
    struct sigaction action = {0};
    action.sa_sigaction = crashed;
    action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    if (atomic_exchange(&handling, 1)) return 0;
    for (int i = 0; i < CRASHES; i++)
        if (sigaction(crashes[i], &action, &before_crash[i]) < 0) return errno;
    return 0;
}

void nimmer_terminal_disarm(void) {
    atomic_store(&armed, 0);
    if (!atomic_exchange(&handling, 0)) return;
    for (int i = 0; i < CRASHES; i++) sigaction(crashes[i], &before_crash[i], NULL);
}

static atomic_int pipe_write = -1;
static int pipe_read = -1;
static struct sigaction before_listening[MAXIMUM_SIGNAL + 1];
static char is_listened[MAXIMUM_SIGNAL + 1];

static void arrived(int signal) {
    int error = errno;
    char number = (char)signal;
    int descriptor = atomic_load(&pipe_write);
    if (descriptor >= 0 && write(descriptor, &number, 1) < 0) {}
    errno = error;
}

static void listen_to(int signal, struct sigaction *before) {
    struct sigaction action = {0};
    action.sa_handler = arrived;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, before);
}

int nimmer_signals_listen(const int *signals, size_t count) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return -1;
    pipe_read = ends[0];
    atomic_store(&pipe_write, ends[1]);
    for (size_t i = 0; i < count; i++) {
        if (signals[i] < 1 || signals[i] > MAXIMUM_SIGNAL) continue;
        is_listened[signals[i]] = 1;
        listen_to(signals[i], &before_listening[signals[i]]);
    }
    return pipe_read;
}

void nimmer_signals_ignore(void) {
    for (int signal = 1; signal <= MAXIMUM_SIGNAL; signal++) {
        if (is_listened[signal]) sigaction(signal, &before_listening[signal], NULL);
        is_listened[signal] = 0;
    }
    int descriptor = atomic_exchange(&pipe_write, -1);
    if (descriptor >= 0) close(descriptor);
    if (pipe_read >= 0) close(pipe_read);
    pipe_read = -1;
}

void nimmer_stop_self(void) {
    struct sigaction ignored = {0}, usual = {0}, previous;
    ignored.sa_handler = SIG_IGN;
    usual.sa_handler = SIG_DFL;
    sigaction(SIGTSTP, &ignored, &previous);
    kill(0, SIGTSTP);
    sigaction(SIGTSTP, &usual, NULL);
    // Threads that come from a thread of a pool have nearly every signal blocked.
    sigset_t stop, blocked;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    pthread_sigmask(SIG_UNBLOCK, &stop, &blocked);
    raise(SIGTSTP);
    pthread_sigmask(SIG_SETMASK, &blocked, NULL);
    sigaction(SIGTSTP, &previous, NULL);
}

int nimmer_terminal_memory(void) { return memfd_create("nimmer", MFD_CLOEXEC); }

