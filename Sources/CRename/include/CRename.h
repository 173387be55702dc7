#ifndef NIMMER_CRENAME_H
#define NIMMER_CRENAME_H

/// Gives a file another name unless there is a file of that name: Linux's renameat2 with RENAME_NOREPLACE, which Swift does
/// not see, since glibc declares it for _GNU_SOURCE alone.
///
/// Returns 0, or errno: EEXIST where the name is taken, EINVAL or ENOSYS where the file system cannot do that.
int nimmer_rename_new(const char *from, const char *to);

#endif
