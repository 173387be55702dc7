// NimmerBus: see the folder's files.
