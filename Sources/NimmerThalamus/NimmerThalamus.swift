// NimmerThalamus: see the folder's files.
