// NimmerSystem: see the folder's files.
