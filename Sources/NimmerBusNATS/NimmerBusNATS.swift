// NimmerBusNATS: see the folder's files.
