"""check_architecture.py accepts a page that tells the truth, and finds each kind of untruth planted in it."""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "tools"))
import check_architecture  # noqa: E402

BUILD = """# room(ghost) in a comment is none
room(base
     OWNS fmt::fmt)
room(host  USES base OWNS Threads::Threads)   # the machine
room(live  USES base host)
"""
PAGE = """# Architecture
## The rooms
Words before.
```
   ┌── live ──┐
   │   host   │
   └── base ──┘
```
| room | its secret | uses |
|---|---|---|
| **live** | a database others use | base host |
| **host** | the machine | base |
| **base** | values | – |

See `docs/a.md` and `CMakeLists.txt`; `holdfast list` is no path.
"""
UNTRUE = [
    ("| **host** | the machine | base |", "| **host** | the machine | – |", "host uses ['base'] in CMakeLists.txt and [] in the table"),
    ("| **live** | a database others use | base host |\n", "", "room live is missing in the table"),
    ("| **base** | values | – |", "| **base** | values | – |\n| **rows** | rows | base |", "the table has rows"),
    ("   │   host   │\n", "", "room host is missing in the drawing"),
    ("┌── live ──┐", "┌ live rows ┐", "the drawing has rows"),
    ("   ┌── live ──┐\n   │   host   │\n", "   ┌── host ──┐\n   │   live   │\n", "live uses host, which is not drawn below it"),
    ("   │   host   │\n   └── base ──┘\n", "   │   host base   │\n", "host uses base, which is not drawn below it"),
    ("`docs/a.md`", "`docs/gone.md`", "docs/gone.md does not exist"),
]


def faults(page, build=BUILD):
    with tempfile.TemporaryDirectory() as root:
        os.makedirs(os.path.join(root, "docs"))
        for path, text in {"CMakeLists.txt": build, "ARCHITECTURE.md": page, "docs/a.md": ""}.items():
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        return check_architecture.check(root)


class ArchitectureTest(unittest.TestCase):
    def test_the_truth_passes(self):
        self.assertEqual(faults(PAGE), [])

    def test_each_untruth_is_found(self):
        for old, new, expected in UNTRUE:
            with self.subTest(expected):
                self.assertIn(old, PAGE)
                self.assertTrue(any(expected in fault for fault in faults(PAGE.replace(old, new))), faults(PAGE.replace(old, new)))

    def test_a_build_without_rooms_is_not_the_truth(self):
        self.assertIn("CMakeLists.txt has no room() calls", faults(PAGE, "project(x)"))


if __name__ == "__main__":
    unittest.main()
