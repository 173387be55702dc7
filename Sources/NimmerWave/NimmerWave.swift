// NimmerWave: see the folder's files.
