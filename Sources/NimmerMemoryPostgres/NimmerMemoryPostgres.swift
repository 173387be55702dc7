// NimmerMemoryPostgres: see the folder's files.
