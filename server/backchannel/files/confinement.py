"""Takes a process's rights away: memory, time, files, network, other programs. Only what the standard library offers, because the process
that needs it imports nothing of the chat.

Memory and time are limited on every system. On Linux, where the kernel has them, Landlock leaves the process one file to read and one
folder to write, and seccomp takes sockets, programs and other processes away. A container may refuse either; the limits remain.
"""

import ctypes
import os
import platform
import resource
import struct
from contextlib import suppress

MEMORY_BYTES = 768 * 1024 * 1024
CPU_S = 10
FILE_BYTES = 128 * 1024 * 1024
FILES = 64

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER_MODE = 38, 22, 2
_CALLS = {
    # machine: (audit architecture, forbidden system calls). socket, connect, fork, vfork, execve, kill, ptrace, tkill, process_vm_*,
    # execveat, bpf, io_uring_setup.
    "x86_64": (0xC000003E, (41, 42, 57, 58, 59, 62, 101, 200, 310, 311, 321, 322, 425)),
    "aarch64": (0xC00000B7, (117, 129, 130, 198, 203, 221, 270, 271, 280, 281, 425)),
}
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_READ_FILE = 1 << 2
_WRITE_FILE = 1 << 1
_MAKE_FILE = 1 << 8
_REMOVE_FILE = 1 << 5
_ALL = (1 << 13) - 1
"""Every right of the first version of Landlock."""
_BENEATH = 1


def limit() -> None:
    """Limits that hold on every system; beyond them the process gets MemoryError or is killed."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def confine(source: str, folder: str) -> None:
    """From now on only `source` can be read and `folder` written, and there is no network. What the kernel refuses is left out."""
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None, use_errno=True)
        _check(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        with suppress(OSError):
            _restrict_files(libc, source, folder)
        with suppress(OSError):
            _restrict_calls(libc)


def _restrict_files(libc: ctypes.CDLL, source: str, folder: str) -> None:
    rules = ctypes.create_string_buffer(struct.pack("=Q", _ALL), 8)
    ruleset = _check(libc.syscall(_LANDLOCK_CREATE, rules, ctypes.c_size_t(8), 0))
    for path, rights in ((source, _READ_FILE), (folder, _READ_FILE | _WRITE_FILE | _MAKE_FILE | _REMOVE_FILE)):
        opened = os.open(path, os.O_PATH)
        rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, opened), 12)
        _check(libc.syscall(_LANDLOCK_ADD, ruleset, _BENEATH, rule, 0))
        os.close(opened)
    _check(libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0))
    os.close(ruleset)


def _restrict_calls(libc: ctypes.CDLL) -> None:
    """A program of the kernel's packet filter: another architecture's calls kill, the forbidden ones get EPERM."""
    architecture, forbidden = _CALLS.get(platform.machine(), (0, ()))
    if not forbidden:
        return
    load, jump_equal, answer = 0x20, 0x15, 0x06
    allow, kill, refuse = 0x7FFF0000, 0x80000000, 0x00050000 | 1
    program = [(load, 0, 0, 4), (jump_equal, 1, 0, architecture), (answer, 0, 0, kill), (load, 0, 0, 0)]
    for number in forbidden:
        program += [(jump_equal, 0, 1, number), (answer, 0, 0, refuse)]
    program.append((answer, 0, 0, allow))
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in program))
    filter_ = ctypes.create_string_buffer(struct.pack("@HP", len(program), ctypes.addressof(code)))
    _check(libc.prctl(_PR_SET_SECCOMP, _FILTER_MODE, filter_, 0, 0))


def _check(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
