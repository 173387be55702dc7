// NimmerGate: see the folder's files.
