"""check_style.py finds each kind of fault when it is planted, and nothing in a tree without faults."""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "tools"))
import check_style  # noqa: E402

HEADER = "// A thing that holds.\n#pragma once\n"


def findings(files):
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)) or root, exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        return check_style.Checker(root).run()


def function_of(lines, signature="int f()"):
    return signature + " {\n" + "    int x = 0;\n" * (lines - 2) + "}\n"


PLANTED = [  # (rule, files, text that the finding must contain)
    ("header-owner", {"src/live/a.cpp": "#include <sqlite3.h>\n"}, "src/live/a.cpp:1:"),
    ("header-owner", {"src/store/a.cpp": "\n#include <unistd.h>\n"}, "src/store/a.cpp:2:"),
    ("header-owner", {"src/operations/a.cpp": "#include <fmt/format.h>\n"}, "belongs to base"),
    ("header-owner", {"src/operations/a.cpp": "#include <CLI/CLI.hpp>\n"}, "belongs to cli"),
    ("header-owner", {"tests/live/a_test.cpp": "#include <zstd.h>\n"}, "belongs to base"),
    ("file-length", {"src/base/a.cpp": "int x;\n" * 501}, "501 lines"),
    ("file-length", {"scripts/a.sh": "true\n" * 501}, "501 lines"),
    ("function-length", {"src/base/a.cpp": "namespace a {\n\n" + function_of(71) + "}\n"}, "src/base/a.cpp:3:"),
    ("function-length", {"src/base/a.cpp": function_of(71, "A::A() : b_{1}, c_(2)")}, "71 lines"),
    ("function-length", {"src/base/a.cpp": "class A {\npublic:\n" + function_of(71) + "};\n"}, "src/base/a.cpp:3:"),
    ("function-length", {"tests/base/a_test.cpp": function_of(71, "TEST(A, b)")}, "71 lines"),
    ("banned-word", {"src/base/page_utils.cpp": "int x;\n"}, "'utils'"),
    ("banned-word", {"src/base/a.cpp": "struct PageInfo {};\n"}, "'info' in PageInfo"),
    ("banned-word", {"src/base/a.cpp": "class [[nodiscard]] IOManager : A {};\n"}, "'manager' in IOManager"),
    ("effect", {"src/live/a.cpp": "auto t = std::chrono::system_clock::now();\n"}, "host::Clock"),
    ("effect", {"src/live/a.cpp": "auto t = std::getenv(name);\n"}, "environment"),
    ("effect", {"src/live/a.cpp": "std::jthread t(f);\n"}, "WorkerPool"),
    ("effect", {"src/live/a.cpp": "void f() { std::cerr << 1; }\n"}, "cli prints"),
    ("effect", {"src/live/a.cpp": "void f() { std::fprintf(stderr, t); }\n"}, "cli prints"),
    ("no-throw", {"src/base/a.cpp": "void f() { throw 1; }\n"}, "src/base/a.cpp:1:"),
    ("no-new", {"src/base/a.cpp": "auto* p = new Page(1);\n"}, "src/base/a.cpp:1:"),
    ("no-new", {"src/base/a.cpp": "auto* p = new (std::nothrow) Page;\n"}, "src/base/a.cpp:1:"),
    ("dangling-range", {"src/base/a.cpp": "void f() { for (auto& x : *state_->look().tables) use(x); }\n"}, "src/base/a.cpp:1:"),
    ("first-sentence", {"src/base/a.h": "#pragma once\n"}, "src/base/a.h:1:"),
    ("first-sentence", {"src/base/a.h": "// words without an end\n#pragma once\n"}, "src/base/a.h:1:"),
    ("pragma-once", {"src/base/a.h": "// A thing.\n#ifndef A\n#endif\n"}, "src/base/a.h:1:"),
    ("machine-path", {"scripts/a.sh": "cd /home/ann/holdfast\n"}, "/home/a"),
    ("machine-path", {"docs/a.md": "see /root/notes\n"}, "/root/n"),
    ("unfinished", {"src/base/a.cpp": "// TODO later\n"}, "TODO"),
    ("unfinished", {"README.md": "# a\nnot yet implemented\n"}, "README.md:2:"),
    ("exception", {"tools/style_exceptions.txt": "file-length src/base/a.cpp 600\n", "src/base/a.cpp": "int x;\n" * 550}, "lower it"),
    ("exception", {"tools/style_exceptions.txt": "file-length src/base/a.cpp 600\n"}, "remove it"),
    ("exception", {"tools/style_exceptions.txt": "file-length a\n"}, "not of the form"),
]

CLEAN = {
    "src/base/a.h": HEADER + "struct Page {};  // throw, new Page, std::cout\n",
    "src/base/b.cpp": '#include <zstd.h>\nconst char* s = "throw new std::cout TODOS"; auto p = std::unique_ptr<A>(\n    new A(1)); std::unique_ptr<A> q(new A(1)); new (place) A;\n',
    "src/base/c.cpp": function_of(70) + "Table t = {\n" + "    {1, f(2)},\n" * 90 + "};\n" + function_of(70),
    "src/host/a.cpp": "#include <unistd.h>\n#include <sys/stat.h>\nauto t = std::chrono::system_clock::now(); std::thread u;\n",
    "src/cli/a.cpp": "#include <CLI/CLI.hpp>\nvoid f() { std::printf(t); }\n",
    "src/sqlite/a.cpp": "#include <sqlite3.h>\nchar a = '{'; int b = 1'000; const char* c = R\"(throw {)\";\n",
    "tests/live/a_test.cpp": "#include <sqlite3.h>\n#include <unistd.h>\nstd::thread t; const char* home = \"/home/a\";\n",
    "tools/style_exceptions.txt": "# rule path figure\nfile-length tests/live/long_test.cpp 510\n",
    "tests/live/long_test.cpp": "int x;\n" * 510,
    "build/x/bad.cpp": "throw 1;\n",
}


class StyleTest(unittest.TestCase):
    def test_planted_faults_are_found(self):
        for rule, files, text in PLANTED:
            with self.subTest(rule=rule, files=list(files)):
                found = findings(files)
                self.assertTrue(any(f": {rule}: " in line and text in line for line in found), found)

    def test_each_rule_has_a_planted_fault(self):
        self.assertEqual(set(check_style.RULES), {rule for rule, _, _ in PLANTED})

    def test_nothing_is_found_where_nothing_is(self):
        self.assertEqual(findings(CLEAN), [])


if __name__ == "__main__":
    unittest.main()
