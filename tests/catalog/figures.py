# SPDX-License-Identifier: Apache-2.0
"""The figures of the collected facts, so that none is lost between them and the catalog.

The facts are a text for people; figures.yaml keeps what a machine can hold facts.yaml to: the entries
and, for each section, every number with its unit. Ordinals and bare years say nothing and are left
out.

Usage: figures.py catalog-facts.md > figures.yaml, when the facts have changed.
"""
import re
import sys
import textwrap

NUMBER = re.compile(r"\d{4}-\d{2}(?:-\d{2})?|\d+(?:\.\d+)?[万亿%元]?")
# What is no figure: addresses, marks of confidence, numbers of documents and entries, ordinals.
NOISE = re.compile(
	r"https?://[^\s)\]；;]+"
	r"|\b[\w-]+(?:\.[\w-]+)+/\S*"
	r"|\[(?:V|BG|MISSING|seed)[^\]]*\]"
	r"|[〔\[(]\d{4}[〕\])]\s*\d+\s*号|公告\s*\d{4}\s*年第\s*\d+\s*号|令第?\s*\d+\s*号|第\s*\d+\s*条"
	r"|\b[NPC]\d\d[abc]?(?:/[abc])*\b"
	r"|^ *\d+\.|\(\d\)|\bart\. \d|5G|\bH\d\b|gate 1–4|附件\d|\d+ (?:other pages|depts)"
	r"|\b20\d\d\b(?!-\d)", re.MULTILINE)


def figures(text):
	"""The numbers of a text with their units, each once, in their order."""
	text = re.sub(r"(\d),(?=\d{3})", r"\1", text)
	return list(dict.fromkeys(NUMBER.findall(text)))


def sections(text):
	"""Entry and text of every section, up to the part that describes the records."""
	found, at = {}, None
	for line in text.split("\n# D.")[0].split("\n"):
		head = re.match(r"### ([NPC]\d\d[abc]?)", line)
		if head:
			at = head[1]
		elif line.startswith("# "):
			at = None
		if at:
			found[at] = found.get(at, "") + line + "\n"
	return found


def entries(text):
	"""The rows of the index: P01a/b stands for P01a and P01b."""
	rows = []
	for row in re.findall(r"^\| ([NPC]\d\d[abc/]*) \|", text, re.MULTILINE):
		parts = row.split("/")
		rows += [parts[0]] + [parts[0][:3] + part for part in parts[1:]]
	return rows


def wrap(line):
	return textwrap.wrap(line, 96, subsequent_indent="    ", break_on_hyphens=False, break_long_words=False)


def table(text):
	"""What figures.yaml holds, as YAML."""
	lines = ["# SPDX-License-Identifier: Apache-2.0",
		 "# Made by figures.py from the collected facts; facts.yaml must tell every one of them.",
		 *wrap("entries: [" + ", ".join(entries(text)) + "]"), "figures:"]
	for entry, section in sections(text).items():
		numbers = ", ".join(figures(NOISE.sub("", section)))
		lines += wrap(f"  {entry}: [{numbers}]")
	return "\n".join(lines) + "\n"


def untold(wanted, facts):
	"""Entries without a fact, and figures that no fact of their entry tells."""
	told = {}
	for fact in facts:
		told.setdefault(fact["entry"], set()).update(figures(fact["fact"]))
	for entry in wanted["entries"]:
		if entry not in told:
			yield f"entry {entry} has no fact"
	for entry, numbers in wanted["figures"].items():
		# A section without a letter speaks of all its versions.
		known = set().union(*(found for name, found in told.items() if name.startswith(entry)))
		known |= {number.rstrip("万亿%元") for number in known}
		for number in numbers:
			if number not in known:
				yield f"entry {entry}: no fact tells {number}"


if __name__ == "__main__":
	with open(sys.argv[1], encoding="utf-8") as source:
		sys.stdout.write(table(source.read()))
