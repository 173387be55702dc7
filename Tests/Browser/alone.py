"""A network of its own for this process and its children: loopback and nothing else."""
import ctypes
import fcntl
import socket
import struct

NEW_NETWORK = 0x40000000
GET_FLAGS, SET_FLAGS, IS_UP = 0x8913, 0x8914, 1


def leave_network():
    """What this process starts from now on reaches nothing but 127.0.0.1, and no other program changes its network meanwhile, at
    which Chromium drops every connection. Where that is not allowed, nothing changes."""
    if ctypes.CDLL("libc.so.6").unshare(NEW_NETWORK) != 0:
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(control, GET_FLAGS, request))[1]
        fcntl.ioctl(control, SET_FLAGS, struct.pack("16sh14x", b"lo", flags | IS_UP))
    return True
