// NimmerCell: see the folder's files.
