// Linked into what `Tests/sanitize.sh thread` builds: shows ThreadSanitizer the slow half of Swift's Mutex.
//
// Locking and unlocking a Mutex that nobody waits for is inlined, hence seen. The other half is in libswiftSynchronization, which is
// not built with the sanitizer: each mutex that was waited for would be reported as a race. These two functions stand in front of the
// library's and say what happened there.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

extern void __tsan_acquire(void *address);
extern void __tsan_release(void *address);

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

typedef __attribute__((swiftcall)) void (*Lock)(uint32_t, __attribute__((swift_context)) void *);
typedef __attribute__((swiftcall)) void (*Unlock)(__attribute__((swift_context)) void *);

__attribute__((swiftcall)) void lock_slow(uint32_t thread, __attribute__((swift_context)) void *handle) __asm__(LOCK);
__attribute__((swiftcall)) void unlock_slow(__attribute__((swift_context)) void *handle) __asm__(UNLOCK);

__attribute__((swiftcall)) void lock_slow(uint32_t thread, __attribute__((swift_context)) void *handle) {
    static Lock original;
    Lock found = __atomic_load_n(&original, __ATOMIC_RELAXED);
    if (!found) __atomic_store_n(&original, found = (Lock)dlsym(RTLD_NEXT, LOCK), __ATOMIC_RELAXED);
    found(thread, handle);
    __tsan_acquire(handle);
}

__attribute__((swiftcall)) void unlock_slow(__attribute__((swift_context)) void *handle) {
    static Unlock original;
    Unlock found = __atomic_load_n(&original, __ATOMIC_RELAXED);
    if (!found) __atomic_store_n(&original, found = (Unlock)dlsym(RTLD_NEXT, UNLOCK), __ATOMIC_RELAXED);
    __tsan_release(handle);
    found(handle);
}
