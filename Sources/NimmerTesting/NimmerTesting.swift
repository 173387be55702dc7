// NimmerTesting: see the folder's files.
