// NimmerServers: see the folder's files.
