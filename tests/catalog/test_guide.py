# SPDX-License-Identifier: Apache-2.0
"""Plays the newcomer: writes the policy of the editor's guide in README.md into a copy of the starter
catalog, exactly as the guide says, and checks it; then with each other form of amount, and with the
faults that the guide says are found.

Also: every command that README.md shows is one, with the options shown.

Usage: test_guide.py CATALOG_FOLDER POLICYCALC
"""
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"
POLICY = "policies/demo-smart-2026.yaml"
FORMS = 5


def blocks():
	"""The fenced YAML, by what its first line names: a file, or a form of amount."""
	for text in re.findall(r"^```yaml\n(.*?)^```$", README.read_text(encoding="utf-8"), re.M | re.S):
		head, _, body = text.partition("\n")
		if head.startswith("# "):
			yield head[2:], body


def write(folder):
	"""As the guide says: appended to the files that are there, and one new file."""
	files = dict(blocks())
	for name in ("parameters.yaml", "attributes.yaml"):
		path = folder / name
		path.write_text(path.read_text(encoding="utf-8") + files[name], encoding="utf-8")
	(folder / POLICY).write_text(files[POLICY], encoding="utf-8")
	return files[POLICY]


def check(policycalc, folder):
	done = subprocess.run([policycalc, "--lang", "en", "catalog", "check", str(folder), "--strict"],
			capture_output=True, text=True, check=False, timeout=120)
	return done.returncode, done.stdout + done.stderr


def replace(text, old, new):
	assert old in text, old
	return text.replace(old, new, 1)


def check_forms(policycalc, folder, policy):
	"""Only what the examples expect of the amount may differ."""
	forms = [(head, body) for head, body in blocks() if head.startswith("amount:")]
	assert len(forms) == FORMS, [head for head, _ in forms]
	for head, body in forms:
		text = re.sub(r"^amount:\n.*?(?=^exclusions:)", lambda _, body=body: body, policy,
				flags=re.M | re.S)
		if "i." in body:
			text = replace(text, "subject: ENTERPRISE", "subject: PROJECT")
			text = re.sub(r"^examples:.*?(?=^unverified:)", "", text, flags=re.M | re.S)
		text = re.sub(r", amount_fen: \w+", "", text)
		(folder / POLICY).write_text(text, encoding="utf-8")
		code, out = check(policycalc, folder)
		found = [line for line in out.splitlines() if re.match(r"[\w./-]+\.yaml:\d+:", line)]
		if "i." in body:
			found = [line for line in found if "examples" not in line]
		# The figures of the form that it replaces are left over, and the check says so.
		left = [line for line in found if 'nothing uses parameter "demo_' in line]
		assert found == left, (head, out)
		assert code == 0 or left or "i." in body, (head, out)


def check_faults(policycalc, folder, policy):
	"""What the guide says the check finds."""
	for old, new, words in (
			("e.staff >= p.demo_staff_least", "e.staff >= 20", "bare figure"),
			("e.staff >= p.demo_staff_least", "e.staff >= 0", "says nothing"),
			("    rule: e.wage_arrears", "    rule: e.staff >= p.demo_staff_least",
			 "contradict each other"),
			("    source: {doc: 示例办法, clause: 第三条第一款, confidence: BACKGROUND}\n", "",
			 "has no source"),
			("amount_fen: 75万元", "amount_fen: 60万元", "the policy gives 75"),
			("attribute: e.demo_smart_lines", "attribute: e.staff", "nobody asks"),
			("limit_rule: p.demo_cap", "none: true", 'nothing uses parameter "demo_cap"'),
			("    rule: e.wage_arrears", '    rule: e.wage_arrears || "srid" in e.titles',
			 'did you mean "srdi"?'),
			("{from: 2027-03-01, until: 2027-04-30}", "{from: 2028-03-01, until: 2028-04-30}",
			 "nobody can apply in this window")):
		(folder / POLICY).write_text(replace(policy, old, new), encoding="utf-8")
		code, out = check(policycalc, folder)
		assert code == 1 and words in out, (old, new, out)


def check_commands(policycalc):
	"""What the fenced lines call, they can call."""
	def help_of(*words):
		return subprocess.run([policycalc, *words, "--help"], capture_output=True, text=True,
				check=True, timeout=60).stdout
	common = help_of()
	count = 0
	for block in re.findall(r"^```sh\n(.*?)^```$", README.read_text(encoding="utf-8"), re.M | re.S):
		for line in block.splitlines():
			if not line.startswith("build/client/policycalc "):
				continue
			words = shlex.split(line, comments=True)[1:]
			command = words[:2] if words[0] in ("catalog", "registry", "rule") else words[:1]
			text = common + help_of(*command)
			for word in words:
				if word.startswith("--"):
					assert word.split("=")[0] in text, (line, word)
			count += 1
	assert count > 15, count


def main():
	catalog, policycalc = sys.argv[1:]
	check_commands(policycalc)
	with tempfile.TemporaryDirectory(prefix="guide-") as temporary:
		folder = pathlib.Path(temporary) / "catalog"
		shutil.copytree(catalog, folder)
		policy = write(folder)
		code, out = check(policycalc, folder)
		assert code == 0, out
		check_forms(policycalc, folder, policy)
		check_faults(policycalc, folder, policy)
	print(out.strip())


if __name__ == "__main__":
	main()
