#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that check_layers.py sees what it should: a small tree with one fault of each kind."""
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import check_layers  # noqa: E402

SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"
CASES = [
    ("service/rules/a.c", SPDX + '#include "store/x.h"\n', "rules may not include store"),
    ("service/rules/b.c", SPDX + '#include "proto/codec/codec.h"\n', "rules may not include proto"),
    ("service/handlers/a.c", SPDX + '#include "transport/server.h"\n',
     "handlers may not include transport"),
    ("service/calculator/a.c", SPDX + "#include <sqlite3.h>\n", "calculator may not know"),
    ("service/rules/c.c", '#include "rules/rule.h"\n', "no SPDX line"),
    ("service/rules/d.c", SPDX + "\n" * 700, "look for the seam"),
    ("service/rules/e.c", SPDX + '#include "rule.h"\n', "does not carry its room"),
    ("service/attic/a.c", SPDX, "has no allow-list"),
    ("service/rules/ok.c", SPDX + '#include "rules/rule.h"\n#include "base/arena.h"\n', None),
    ("client/lib/ok.c", SPDX + '#include "base/arena.h"\n#include <nghttp2/nghttp2.h>\n', None),
]


def main():
    failures = 0
    for name, text, expected in CASES:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / name
            path.parent.mkdir(parents=True)
            path.write_text(text, encoding="utf-8")
            count, findings = check_layers.check(pathlib.Path(folder))
            good = count == 1 and (any(expected in f for f in findings) if expected else not findings)
            if not good:
                failures += 1
                print(f"{name}: expected {expected!r}, found {findings}")
    print(f"{len(CASES)} cases, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
