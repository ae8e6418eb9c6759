# SPDX-License-Identifier: Apache-2.0
"""What the starter catalog promises beyond what any catalog must keep (`catalog check` does that):

- the examples drive each policy to every verdict it can have, and expect none that it cannot have;
- every parameter stands in the table of facts, and is read by a rule or named by a policy;
- no figure stands in a rule of a policy or of the dictionary, only names;
- every entry and every figure of the collected facts stands in the table of facts;
- each policy has at least three examples;
- the tables are whole, entries and versions that were asked for are there, and no address but a
  government's is kept.

Usage: test_catalog.py CATALOG_FOLDER. With the folder "shared" beside the project, or where
POLICYCALC_SHARED says, figures.yaml is compared with the facts it was made from. The verdicts themselves are checked by running the examples.
"""
import copy
import os
import pathlib
import re
import sys

try:
	import yaml
except ImportError:
	print("python3-yaml is not installed: the catalog's own test is skipped")
	sys.exit(77)

import figures

ENTRIES = {
	"C01": 2, "C02": 1, "C03": 1, "C04": 5, "C05": 6, "C06": 4, "C07": 2, "N01": 3, "N02": 1,
	"N03": 1, "N04": 1, "N05": 2, "N06a": 1, "N06b": 1, "N07a": 1, "N07b": 1, "N08": 1,
	"N09": 1, "N10": 1, "N11": 1, "N12": 2, "N13": 1, "N14": 4, "N15": 2, "P01a": 1, "P01b": 1,
	"P02": 1, "P03": 1, "P04": 1, "P05a": 1, "P05b": 1, "P06": 1, "P07a": 1, "P07b": 1,
	"P07c": 1, "P08a": 1, "P08b": 2, "P09": 1, "P10": 3, "P11": 1, "P12": 1, "P13": 3,
	"P14": 1, "P15": 1, "P16": 2, "P17": 2, "P18": 1, "P19": 3, "P20": 2, "P21": 1, "P22": 1,
	"P23": 2, "P24": 1,
}
# Known from the sources, named in a label or a description, and read by no rule.
FIGURES_FOR_PEOPLE = {
	"htne_score", "rd_amortisation_rate", "small_profit_inclusion", "small_profit_rate",
	"smx_transformation_budget", "key_group_years", "sme_interest_years",
	"state_project_rate_least", "full_load_library_by", "procurement_discount_2022_least",
	"procurement_discount_2022_most", "procurement_discount_old_least",
	"procurement_discount_old_most",
	"grad_insurance_months", "open_bid_least", "stability_raise_allowed",
	"smx_science_budget", "smx_talent_allowance_years", "smx_talent_research_least",
	"smx_talent_special_most", "smx_talent_startup_least", "smx_talent_team_senior_least",
	"smx_talent_team_top_least", "xiaohan_housing_old",
	# Aims of the city, which the coverage report tells beside what is reached.
	"counter_matching_411200", "counter_training_411200", "rd_coverage_start_411200",
	"rd_coverage_target_411200",
}
RULES = ("rule", "met_if", "fails_if", "base_rule", "rate_rule", "up_to_rule", "limit_rule", "when_rule",
	"quantity_rule", "unit_amount_rule", "amount_rule", "filter_rule", "direct_pass", "pass", "floor",
	"at_least", "above", "at_most", "below")


def load(folder):
	"""Every scalar stays text, as the catalog's own reader takes it."""
	def read(path):
		return yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
	catalog = {}
	for name in ("attributes", "parameters", "regions", "industries", "facts"):
		catalog[name] = read(folder / (name + ".yaml"))[name]
	catalog["policies"] = [read(path) for path in sorted((folder / "policies").glob("*.yaml"))]
	return catalog


def rules_of(node, skip=()):
	if isinstance(node, dict):
		for key, value in node.items():
			if key in RULES and isinstance(value, str):
				yield value
			elif key not in skip:
				yield from rules_of(value, skip)
	elif isinstance(node, list):
		for value in node:
			yield from rules_of(value, skip)


def possible_verdicts(policy):
	"""By its form: a judgement that nothing settles forbids the yes, dates allow NOT_OPEN."""
	verdicts = {"INELIGIBLE", "NEEDS_INFORMATION"}
	reviews = [c for c in policy["conditions"] if c["role"] == "REVIEW"]
	judged = any(row.get("judged") for table in policy.get("score_tables", []) for row in table["rows"])
	telling = any(row.get("judged") and "alternatives" not in row
		      for table in policy.get("score_tables", []) for row in table["rows"])
	if all("met_if" in c for c in reviews) and not telling:
		verdicts.add("ELIGIBLE")
	unsettled = [c for c in reviews
		     if "met_if" not in c or "fails_if" not in c or "size_covered" in c["met_if"]]
	if unsettled or judged:
		verdicts.add("NEEDS_REVIEW")
	in_force = policy["in_force"]
	if ("until" in in_force or in_force["from"] != "not_stated" or "known_by" in in_force
			or "windows" in policy):
		verdicts.add("NOT_OPEN")
	return verdicts


def check_verdicts(catalog):
	for policy in catalog["policies"]:
		expected = possible_verdicts(policy)
		found = {example["expect"]["verdict"] for example in policy["examples"]}
		for verdict in sorted(expected - found):
			yield f"{policy['id']}: no example is {verdict}"
		for verdict in sorted(found - expected):
			yield f"{policy['id']}: an example is {verdict}, which the policy cannot be"
		if policy["kind"] == "FUND" and "ELIGIBLE" in found:
			yield f"{policy['id']}: a fund is never more than a contact"


def check_parameters(catalog):
	names = {parameter["name"] for parameter in catalog["parameters"]}
	text = "\n".join(rule for entry in catalog["policies"] + catalog["attributes"]
			 for rule in rules_of(entry))
	read = set(re.findall(r"\bp\.(\w+)", text))
	for policy in catalog["policies"]:
		loan = policy.get("loan", {})
		read |= set(loan.get("limits", [])) | set(loan.get("parameters", []))
	for name in sorted(names - read - FIGURES_FOR_PEOPLE):
		yield f"parameter {name} is read by no rule and named by no policy"
	told = {field.split(".")[1] for fact in catalog["facts"] for field in fact.get("fields", [])
		if field.startswith("parameters.")}
	for name in sorted(names - told):
		yield f"parameter {name} stands for no fact of facts.yaml"
	for parameter in catalog["parameters"]:
		for value in parameter["values"]:
			if "source" not in value:
				yield f"parameter {parameter['name']} has a value without a source"


def check_bare_figures(catalog):
	for entry in catalog["policies"] + catalog["attributes"]:
		for rule in rules_of(entry, skip=("examples",)):
			bare = re.sub(r'"[^"]*"', "", rule)
			for number in re.findall(r"(?<![\w.])\d+", bare):
				if number not in ("0", "1", "2", "3", "1000000"):
					name = entry.get("id") or entry["name"]
					yield f"{name}: the bare figure {number} in {rule}"


def check_entries(catalog):
	for entry, least in ENTRIES.items():
		count = sum(policy.get("fact_id") == entry for policy in catalog["policies"])
		if count < least:
			yield f"entry {entry}: {count} policies, {least} are expected"
	told = {fact["entry"] for fact in catalog["facts"]}
	for policy in catalog["policies"]:
		if policy["fact_id"] not in told:
			yield f"{policy['id']}: no fact of {policy['fact_id']} is in facts.yaml"
		if "'BACKGROUND'" in repr(policy) and "unverified" not in policy:
			yield f"{policy['id']}: rests on background knowledge and does not say so"
		if len(policy["examples"]) < 3:
			yield f"{policy['id']}: fewer than three examples"
		for language in ("zh", "en"):
			if not policy["title"].get(language):
				yield f"{policy['id']}: no title in {language}"


def check_tables(catalog):
	codes = [industry["code"] for industry in catalog["industries"]]
	sections = [code for code in codes if len(code) == 1]
	divisions = sorted(code[1:] for code in codes if len(code) == 3)
	if "".join(sections) != "ABCDEFGHIJKLMNOPQRST":
		yield f"sections {sections}"
	if divisions != [f"{number:02}" for number in range(1, 98)]:
		yield "the divisions are not 01 to 97"
	if any(code[0] not in sections for code in codes):
		yield "a division without its section"
	regions = {region["code"]: region for region in catalog["regions"]}
	for code in ("100000", "410000", "411200", "411202", "411203", "411221", "411224", "411281",
			"411282", "411271"):
		if code not in regions:
			yield f"region {code} is missing"
	for code, region in regions.items():
		if not code.isdigit() and "扩展码" not in region["source"]["doc"]:
			yield f"region {code} does not say that its code is ours"


def check_figures(catalog):
	table = pathlib.Path(__file__).with_name("figures.yaml")
	yield from figures.untold(yaml.load(table.read_text(encoding="utf-8"), yaml.BaseLoader),
			catalog["facts"])


def stale_figures():
	"""figures.yaml against the facts, where they are at hand."""
	here = pathlib.Path(__file__)
	shared = pathlib.Path(os.environ.get("POLICYCALC_SHARED") or here.parents[3] / "shared")
	source = shared / "domain" / "catalog-facts.md"
	if not source.exists():
		print(f"figures.yaml is not compared: there is no {source}")
	elif figures.table(source.read_text(encoding="utf-8")) != here.with_name(
			"figures.yaml").read_text(encoding="utf-8"):
		yield "figures.yaml is not what figures.py makes of the facts"


def check_addresses(node):
	if isinstance(node, dict):
		url = node.get("url")
		if url and not re.fullmatch(r"https?://([\w-]+\.)*gov\.cn(/.*)?", url):
			yield f"{url} is no government's address"
		if url and node.get("confidence") != "GOVERNMENT_PAGE":
			yield f"{url} stands with {node.get('confidence')}"
		for value in node.values():
			yield from check_addresses(value)
	elif isinstance(node, list):
		for value in node:
			yield from check_addresses(value)


def findings(catalog):
	for check in (check_verdicts, check_parameters, check_bare_figures, check_entries,
			check_tables, check_figures, check_addresses):
		yield from check(catalog)


def faulty(catalog):
	"""Copies with one fault each, and a word of what must be found in it."""
	bad = copy.deepcopy(catalog)
	bad["policies"][0]["examples"] = [e for e in bad["policies"][0]["examples"]
					  if e["expect"]["verdict"] != "INELIGIBLE"]
	yield bad, "no example is INELIGIBLE"
	bad = copy.deepcopy(catalog)
	fund = next(p for p in bad["policies"] if p["kind"] == "FUND")
	fund["examples"][0]["expect"]["verdict"] = "ELIGIBLE"
	yield bad, "which the policy cannot be"
	bad = copy.deepcopy(catalog)
	bad["parameters"].append({"name": "nobody_reads", "values": []})
	yield bad, "nobody_reads is read by no rule"
	bad = copy.deepcopy(catalog)
	bad["policies"][0]["conditions"][0].update(role="REQUIRE", rule="e.staff >= 50")
	yield bad, "bare figure 50"
	bad = copy.deepcopy(catalog)
	size = next(a for a in bad["attributes"] if a["name"] == "at_least_small")
	size["derived"]["rule"] = "e.staff >= 20"
	yield bad, "at_least_small: the bare figure 20"
	bad = copy.deepcopy(catalog)
	bad["policies"] = [p for p in bad["policies"] if p["fact_id"] != "P16"]
	yield bad, "entry P16"
	bad = copy.deepcopy(catalog)
	bad["industries"].pop()
	yield bad, "the divisions are not 01 to 97"
	bad = copy.deepcopy(catalog)
	bad["policies"][0]["sources"][0]["url"] = "http://gov.cn.example.com/"
	yield bad, "no government's address"
	bad = copy.deepcopy(catalog)
	bad["policies"][0]["examples"] = bad["policies"][0]["examples"][:2]
	yield bad, "fewer than three examples"
	bad = copy.deepcopy(catalog)
	del next(p for p in bad["policies"] if p["fact_id"] == "N10")["unverified"]
	yield bad, "rests on background knowledge"
	bad = copy.deepcopy(catalog)
	bad["facts"] = [f for f in bad["facts"] if f["entry"] != "C01" or "40%" not in f["fact"]]
	yield bad, "entry C01: no fact tells 40%"


def main():
	catalog = load(pathlib.Path(sys.argv[1]))
	mistakes = [*findings(catalog), *stale_figures()]
	for bad, word in faulty(catalog):
		if not any(word in finding for finding in findings(bad)):
			mistakes.append(f"the test does not find: {word}")
	for mistake in mistakes:
		print(mistake)
	print(f"{len(catalog['policies'])} policies, {len(mistakes)} mistakes")
	return 1 if mistakes else 0


if __name__ == "__main__":
	sys.exit(main())
