"""Runs commands and keeps the operating system's own account of each: wall and CPU time, peak memory."""

import os
import statistics
import subprocess
import time


class Failed(Exception):
    """A command that had to succeed did not."""


class Measured:
    """One finished command. peak is the largest resident set of the process and those it waited for, in bytes."""

    def __init__(self, wall, usage, output):
        self.wall = wall
        self.cpu = usage.ru_utime + usage.ru_stime
        self.peak = usage.ru_maxrss * 1024
        self.output = output

    def figures(self):
        return {"wall_s": round(self.wall, 5), "cpu_s": round(self.cpu, 5), "peak_bytes": self.peak}


def run(command, folder=None, environment=None, allowed=(0,)):
    """Runs to the end and measures. Output is kept; both streams together in the message of a failure."""
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = process.stdout.read().decode(errors="replace")
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in allowed:
        raise Failed(f"{' '.join(command[:12])} ended with {process.returncode}:\n{output[-2000:]}")
    return Measured(wall, usage, output)


def median(values):
    return statistics.median(values)


def median_ratio(ours, theirs):
    """Of pairs measured in turn: a machine whose speed drifts does not move it."""
    return median([a / b for a, b in zip(ours, theirs)])


def tree_size(path):
    """Bytes of a file, or of all files below a folder."""
    if os.path.isfile(path):
        return os.path.getsize(path)
    return sum(os.lstat(os.path.join(folder, name)).st_size for folder, _, names in os.walk(path) for name in names)


def settle():
    """What earlier commands left to be written is written, so that it does not weigh on the next one."""
    os.sync()


def warm(path):
    """Brings a file into the page cache."""
    with open(path, "rb", buffering=0) as file:
        while file.read(1 << 20):
            pass


def time_to_read(path):
    """Seconds to read a file from the page cache once: no backup that looks at every byte is faster."""
    warm(path)
    return run(["dd", f"if={path}", "of=/dev/null", "bs=1M", "status=none"]).wall


def time_to_write(path, target):
    """Seconds to write as many bytes to a new file and sync it: no restore is faster."""
    seconds = run(["dd", f"if={path}", f"of={target}", "bs=1M", "conv=fsync", "status=none"]).wall
    os.unlink(target)
    return seconds


def readable(count):
    for unit in ("B", "kB", "MB", "GB"):
        if abs(count) < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000


def seconds(value):
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"
