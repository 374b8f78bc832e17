"""Figures beside their targets: a table for people, JSON for programs."""

import json
import os
import platform

from measure import readable, seconds


class Report:
    def __init__(self, settings):
        self.settings = settings
        self.rows = []      # what is claimed, with targets
        self.figures = []   # every median behind it
        self.runs = []      # every run behind those

    def keep_run(self, scenario, tool, turn, measured, **more):
        self.runs.append({"scenario": scenario, "tool": tool, "turn": turn, **measured.figures(), **more})

    def figure(self, scenario, tool, values, stored=None, peak=None):
        """Medians of one tool in one scenario, printed as they come."""
        values = sorted(values)
        middle = values[len(values) // 2] if len(values) % 2 else (values[len(values) // 2 - 1] + values[len(values) // 2]) / 2
        self.figures.append({"scenario": scenario, "tool": tool, "median_s": middle, "least_s": values[0], "most_s": values[-1],
                             "stored_bytes": stored, "peak_bytes": peak})
        line = f"  {tool:<18} {seconds(middle):>10}   ({seconds(values[0])} – {seconds(values[-1])})"
        line += f"   stored {readable(stored):>9}" if stored is not None else ""
        line += f"   peak {readable(peak):>9}" if peak is not None else ""
        print(line, flush=True)

    def note(self, text):
        print(f"  {text}", flush=True)

    def claim(self, what, measured, target, unit="ratio", at_least=False):
        """One row of the final table: passes when measured <= target (or >=)."""
        good = measured >= target if at_least else measured <= target
        self.rows.append({"what": what, "measured": measured, "target": target, "unit": unit,
                          "at_least": at_least, "good": good})

    @staticmethod
    def show(value, unit):
        if unit == "bytes":
            return readable(value)
        if unit == "seconds":
            return seconds(value)
        return f"{value:.3f}" if unit == "ratio" else f"{value:g} {unit}".strip()

    def table(self):
        lines = [f"{'what':<66} {'measured':>11}   {'target':>11}   of target", "-" * 104]
        for row in self.rows:
            sign = "≥" if row["at_least"] else "≤"
            share = row["measured"] / row["target"] if row["target"] else float("inf") if row["measured"] else 0
            lines.append(f"{row['what']:<66} {self.show(row['measured'], row['unit']):>11} {sign} "
                         f"{self.show(row['target'], row['unit']):>11}   {share:8.2f}   {'pass' if row['good'] else 'MISS'}")
        missed = sum(not row["good"] for row in self.rows)
        lines.append(f"{len(self.rows) - missed} of {len(self.rows)} targets reached" if self.rows else "no target was measured")
        return "\n".join(lines)

    def write(self, path):
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"machine": machine(os.path.dirname(path)), "settings": self.settings, "claims": self.rows,
                       "medians": self.figures, "runs": self.runs}, file, indent=1)


def machine(folder):
    """What the figures were measured on."""
    model = memory = "unknown"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
    with open("/proc/meminfo", encoding="utf-8") as file:
        memory = f"{int(file.readline().split()[1]) / 2 ** 20:.1f} GiB"
    mounts = []
    with open("/proc/self/mounts", encoding="utf-8") as file:
        for line in file:
            device, point, kind = line.split()[:3]
            if os.path.realpath(folder).startswith(point.rstrip("/") + "/"):
                mounts.append((len(point), f"{kind} on {device}"))
    return {"processors": len(os.sched_getaffinity(0)), "model": model, "memory": memory, "kernel": platform.release(),
            "file_system": max(mounts)[1] if mounts else "unknown", "cache": "warm: the database is in the page cache"}
