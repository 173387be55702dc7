// NimmerCognition: see the folder's files.
