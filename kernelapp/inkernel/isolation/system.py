"""The calls of Linux that Python does not have: mounts, namespaces, capabilities. Each raises OSError, saying what was refused."""

from __future__ import annotations

import ctypes
import fcntl
import os
import platform
import signal
import socket
import struct

NEW_FILES, NEW_IPC, NEW_USER, NEW_PROCESSES, NEW_NETWORK = 0x20000, 0x8000000, 0x10000000, 0x20000000, 0x40000000

_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 1, 2, 4, 32, 0x1000, 0x4000, 0x40000
_MNT_DETACH = 2
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_SYS_MOUNT_SETATTR = 442  # the same on every machine
_SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41, "ppc64le": 203, "s390x": 217, "armv7l": 218, "i686": 217}
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
_CAPABILITIES = 0x20080522  # version 3 of the structures
_SIOCSIFFLAGS, _IFF_UP, _IFF_RUNNING = 0x8914, 0x1, 0x40

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(kinds: int) -> None:
    """Leave the namespaces of these kinds for new ones."""
    _check(_libc.unshare(kinds), "new namespaces (unshare)")


def mount(kind: str, place: str, options: str = "", read_only: bool = False) -> None:
    """Mount a file system that has no device; nothing in it gives rights or is a device."""
    flags = _MS_NOSUID | _MS_NODEV | (_MS_RDONLY if read_only else 0)
    result = _libc.mount(kind.encode(), os.fsencode(place), kind.encode(), ctypes.c_ulong(flags), options.encode() or None)
    _check(result, f"mount {kind} on {place}")


def bind(source: str, place: str, read_only: bool, devices: bool = False) -> None:
    """Have a file or folder, with what is mounted in it, in another place."""
    flags = ctypes.c_ulong(_MS_BIND | _MS_REC)
    _check(_libc.mount(os.fsencode(source), os.fsencode(place), None, flags, None), f"mount {source} (bind)")
    # Mount attributes have the numbers of the flags; with this call they hold for what is mounted below, too.
    set_ = (_MS_RDONLY if read_only else 0) | _MS_NOSUID | (0 if devices else _MS_NODEV)
    attributes = struct.pack("=QQQQ", set_, 0, 0, 0)
    result = _libc.syscall(_SYS_MOUNT_SETATTR, _AT_FDCWD, os.fsencode(place), _AT_RECURSIVE, attributes, ctypes.c_size_t(len(attributes)))
    _check(result, "mount_setattr (Linux 5.12 or later)")


def make_private() -> None:
    """What is mounted from now on is seen here alone."""
    _check(_libc.mount(None, b"/", None, ctypes.c_ulong(_MS_REC | _MS_PRIVATE), None), "private mounts")


def make_read_only(place: str) -> None:
    """Of a mount of our own."""
    flags = ctypes.c_ulong(_MS_REMOUNT | _MS_BIND | _MS_RDONLY | _MS_NOSUID | _MS_NODEV)
    _check(_libc.mount(None, os.fsencode(place), None, flags, None), f"{place} read-only")


def change_root(new: str, old: str) -> None:
    """Have the mount `new` as the root directory; the old one is at `old`, below it."""
    number = _SYS_PIVOT_ROOT.get(platform.machine())
    if number is None:
        raise OSError(f"pivot_root is not known for machines of kind {platform.machine()}")
    _check(_libc.syscall(number, os.fsencode(new), os.fsencode(old)), "a new root directory (pivot_root)")


def detach(place: str) -> None:
    """Have nothing mounted there any more."""
    _check(_libc.umount2(os.fsencode(place), _MNT_DETACH), f"umount {place}")


def bring_up_loopback() -> None:
    """In a new network namespace: 127.0.0.1 is this sandbox, and there is nothing else."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", _IFF_UP | _IFF_RUNNING))


def give_up_capabilities() -> None:
    """All of them, for good."""
    number = 0
    while _libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0) == 0:
        number += 1
    header, nothing = struct.pack("=Ii", _CAPABILITIES, 0), struct.pack("=6I", *[0] * 6)
    _check(_libc.capset(header, nothing), "capset")


def never_gain_rights() -> None:
    """Programs with the set-user-ID bit (sudo, su) run without it from now on."""
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def stay_visible() -> None:
    """After a change of rights: a process may look at itself in /proc."""
    _check(_libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0), "dumpable")


def die_with_parent() -> None:
    """Be killed when the parent ends."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "the parent's death signal")
