# SPDX-License-Identifier: Apache-2.0
"""Reads the report's page with Python's HTML parser: balanced, self-contained, named for all readers.

usage: test_html_page.py TEST_HTML_PROGRAM
"""
import html.parser
import os
import subprocess
import sys
import tempfile

VOID = {"meta", "br", "link", "img", "input", "hr"}
TAGS = {"html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section",
        "article", "h1", "h2", "h3", "p", "ul", "li", "table", "caption", "thead", "tbody", "tr", "th",
        "td", "span", "strong", "div", "details", "summary", "br", "svg", "defs", "marker", "path",
        "rect", "text"}


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.labels, self.words = [], [], [], []

    def handle_starttag(self, tag, attributes):
        assert tag in TAGS, f"<{tag}> has no business here"
        for name, value in attributes:
            assert not name.startswith("on"), f"{name} on <{tag}>"
            assert name not in ("src", "href", "srcset", "data", "action"), f"{name} on <{tag}>"
            if name == "id":
                self.ids.append(value)
            if name == "aria-labelledby":
                self.labels.append(value)
        if tag not in VOID and not (tag in ("rect", "path")):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data):
        self.words.append(data)


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "report.html")
    subprocess.run([sys.argv[1], path], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    page = Page()
    text = open(path, encoding="utf-8").read()
    page.feed(text)
    page.close()
    assert page.open == [], page.open
    assert len(set(page.ids)) == len(page.ids), "an id stands twice"
    assert set(page.labels) <= set(page.ids), "a section is named by nothing"
    assert '<html lang="zh-CN">' in text and "default-src 'none'" in text
    assert "url(http" not in text and "@import" not in text
    assert any("<script>alert(1)</script>" in words for words in page.words), "text was lost"
