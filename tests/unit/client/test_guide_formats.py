# SPDX-License-Identifier: Apache-2.0
"""Reads the drawings of a procedure with other people's parsers: expat, and Graphviz when it is there.

usage: test_guide_formats.py TEST_GUIDE_PROGRAM
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

SVG = "{http://www.w3.org/2000/svg}"


def boxes(root):
    return [tuple(int(box.get(key)) for key in ("x", "y", "width", "height"))
            for box in root.iter(SVG + "rect") if (box.get("class") or "").startswith("box")]


with tempfile.TemporaryDirectory() as folder:
    subprocess.run([sys.argv[1], folder], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    root = xml.etree.ElementTree.parse(os.path.join(folder, "guide.svg")).getroot()
    assert root.tag == SVG + "svg", root.tag
    _, _, width, height = map(int, root.get("viewBox").split())
    placed = boxes(root)
    assert len(placed) == 3, placed
    for i, (x, y, w, h) in enumerate(placed):
        assert x >= 0 and y >= 0 and x + w <= width and y + h <= height, "a box leaves the page"
        for x2, y2, w2, h2 in placed[i + 1:]:
            assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y, "boxes overlap"
    words = "".join(text.text or "" for text in root.iter(SVG + "text"))
    assert "<script>alert('1')</script>" in words, "text is lost"
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", words)

    mermaid = open(os.path.join(folder, "guide.mmd"), encoding="utf-8").read()
    for line in mermaid.splitlines():
        assert line.count('"') in (0, 2), f"a label is left open: {line}"

    if shutil.which("dot"):
        plain = subprocess.run(["dot", "-Tplain", os.path.join(folder, "guide.dot")], check=True,
                               capture_output=True, text=True).stdout
        assert sum(line.startswith("edge ") for line in plain.splitlines()) == 2, plain
        assert sum(line.startswith("node ") for line in plain.splitlines()) == 5, plain
    else:
        print("Graphviz is not there: guide.dot was not read")
