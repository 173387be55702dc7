// NimmerMemory: see the folder's files.
