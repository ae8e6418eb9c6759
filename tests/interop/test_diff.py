# SPDX-License-Identifier: Apache-2.0
"""`catalog diff` against random edits of the starter catalog: it names what was edited and nothing
else, the same from two folders as from two published revisions.

Each edit says itself what the diff must tell: the entry, how it changed, the path. The keys of
elements are worked out here anew, from what diff.proto says of paths.

usage: test_diff.py DAEMON PROTOC PROTO_DIR STARTER_DIR POLICYCALC [SEED [ROUNDS]]
"""
import copy
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time
import unicodedata

import yaml

from harness import FOLDER, STARTER, Daemon, run

PROGRAM = sys.argv[5]
SEED = int(sys.argv[6]) if len(sys.argv) > 6 else 20261127
ROUNDS = int(sys.argv[7]) if len(sys.argv) > 7 else 24
KEYS = ("id", "code", "name", "group", "from", "doc")
TABLES = {"attributes": "ATTRIBUTE", "parameters": "PARAMETER", "regions": "REGION",
          "industries": "INDUSTRY", "shared_caps": "SHARED_CAP"}
CAPS = """\
shared_caps:
  - {id: cap-a, label: {zh: 甲项上限, en: Cap A}, limit: smx_cap_a, basis: ENTERPRISE_YEAR, parent: cap-b,
     source: {doc: 某办法, clause: 第一条, confidence: BACKGROUND}}
  - {id: cap-b, label: {zh: 乙项上限, en: Cap B}, limit: smx_cap_a, basis: ENTERPRISE_YEAR,
     source: {doc: 某办法, clause: 第二条, confidence: BACKGROUND}}
"""
CAP_PARAMETER = {"name": "smx_cap_a", "type": "MONEY", "label": {"zh": "共用上限", "en": "Shared cap"},
                 "values": [{"from": "2020-01-01", "money_fen": "300万元",
                             "source": {"doc": "某办法", "confidence": "BACKGROUND"}}]}
CAPPED = ("henan-innovation-centre-2025", "henan-giant-upgrade-2025")


class Text(yaml.CSafeLoader):
    """Every scalar as it is written."""


Text.yaml_implicit_resolvers = {}


def read(path):
    return yaml.load(path.read_text(encoding="utf-8"), Text)


def write(folder, name, tree):
    (folder / name).write_text(yaml.dump(tree, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False, width=1000),
                               encoding="utf-8")


def base_catalog():
    """The starter without examples and facts, which an edit would contradict, and with shared caps."""
    trees = {}
    for path in sorted(pathlib.Path(STARTER).rglob("*.yaml")):
        name = str(path.relative_to(STARTER))
        if name == "facts.yaml":
            continue
        trees[name] = read(path)
        trees[name].pop("examples", None)
    trees["parameters.yaml"]["parameters"].append(copy.deepcopy(CAP_PARAMETER))
    trees["shared_caps.yaml"] = yaml.load(CAPS, Text)
    return trees


def save(trees, name, base=None, folder=None):
    """Only what is not as in @base is written anew."""
    target = FOLDER / name
    if folder is not None:
        shutil.copytree(folder, target)
        for file in set(base) - set(trees):
            (target / file).unlink()
    else:
        (target / "policies").mkdir(parents=True)
    for file, tree in trees.items():
        if base is None or base.get(file) != tree:
            write(target, file, tree)
    return target


def policycalc(*arguments, server="127.0.0.1:1", lang="zh"):
    done = subprocess.run([PROGRAM, "--lang", lang, *arguments], text=True, capture_output=True, timeout=60,
                          env=dict(os.environ, COLUMNS="80", NO_COLOR="1", POLICYCALC_SERVER=server))
    return done.returncode, done.stdout, done.stderr


# --- what a diff must say ----------------------------------------------------------------------

def key_of(element):
    if not isinstance(element, dict):
        return None
    return next((element[k] for k in KEYS if isinstance(element.get(k), str) and element[k]), None)


def element_path(before, after, element, index):
    """An element is named by its key where that names just one on both sides, or else by its place."""
    key = key_of(element)
    count = max([sum(key_of(e) == key for e in side) for side in (before, after)])
    return f"[{key}]" if key is not None and count == 1 else f"[{index}]"


def entries(trees):
    """Every entry: (kind, id, file, the tree itself)."""
    for file, tree in trees.items():
        if file.startswith("policies/"):
            yield "POLICY", tree["id"], file, tree
            continue
        for table, kind in TABLES.items():
            for entry in tree.get(table, ()):
                name = entry.get("id") or entry.get("code") or entry["name"]
                if kind == "ATTRIBUTE" and entry.get("item_list"):
                    name = entry["item_list"] + "." + name
                yield kind, name, file, entry


# --- edits: each changes @entry and returns the changes a diff must tell, or None ------------------

def places(tree, path=""):
    """All (path, dict) within an entry."""
    yield path, tree
    for name, value in tree.items():
        here = f"{path}.{name}" if path else name
        if isinstance(value, dict):
            yield from places(value, here)
        elif isinstance(value, list):
            for i, element in enumerate(value):
                if isinstance(element, dict):
                    yield from places(element, here + element_path(value, value, element, i))


def leaf(entry, R, names, change):
    """Another value for one of the leaves called @names."""
    found = [(p, d, n) for p, d in places(entry) for n in names if isinstance(d.get(n), str)]
    if not found:
        return None
    path, where, name = R.choice(found)
    old, where[name] = where[name], change(where[name])
    return None if where[name] == old else [("CHANGED", f"{path}.{name}" if path else name)]


def edit_words(entry, R):
    return leaf(entry, R, ("zh", "en"), lambda t: t + "改")


def edit_clause(entry, R):
    sources = [(p, d) for p, d in places(entry) if "doc" in d]
    if not sources:
        return None
    path, where = R.choice(sources)
    kind = "CHANGED" if "clause" in where else "ADDED"
    if kind == "CHANGED" and R.random() < .5:
        del where["clause"]
        return [("REMOVED", path + ".clause")]
    where["clause"] = where.get("clause", "") + "第九十九条"
    return [(kind, path + ".clause")]


def edit_rule(entry, R):
    names = ("rule", "met_if", "fails_if", "direct_pass", "base_rule", "rate_rule", "when_rule", "limit_rule",
             "amount_rule", "quantity_rule")
    return leaf(entry, R, names, lambda t: "(" + t.strip() + ")")


def edit_number(entry, R):
    def other(text):
        digits = text.rstrip("万元亿%天个月年日人家台件项套分")
        unit = text[len(digits):]
        return str(int(digits) + R.choice([1, 2, 7])) + unit if digits.isdigit() else text
    return leaf(entry, R, ("working_days", "term_months", "longest_term_months", "ask_cost", "change_weight",
                           "money_fen", "ratio_ppm", "count", "rounding_unit_fen", "at_most"), other)


def edit_flag(entry, R):
    return leaf(entry, R, ("up_to", "automatic", "yearly", "unverified", "mutable", "reports_separately",
                           "not_stated", "highest"),
                lambda t: "false" if t == "true" else "true")


def edit_day(entry, R):
    return leaf(entry, R, ("until", "known_by", "verified_on", "date"),
                lambda t: t[:-2] + ("%02d" % R.randint(1, 28)) if len(t) == 10 else t)


def lists(entry, least=1):
    return [(p, d, n) for p, d in places(entry) for n, v in d.items()
            if isinstance(v, list) and len(v) >= least and n != "examples"]


def joined(path, name):
    return f"{path}.{name}" if path else name


def edit_remove(entry, R):
    """One element less of a list of messages; of a list of codes, the list is another."""
    found = lists(entry, 2)
    if not found:
        return None
    path, where, name = R.choice(found)
    before = list(where[name])
    index = R.randrange(len(before))
    element = where[name].pop(index)
    if not isinstance(element, dict):
        return [("CHANGED", joined(path, name))]
    return [("REMOVED", joined(path, name) + element_path(before, where[name], element, index))]


def edit_insert(entry, R):
    found = lists(entry)
    if not found:
        return None
    path, where, name = R.choice(found)
    before = list(where[name])
    element = copy.deepcopy(R.choice(before))
    if not isinstance(element, dict):
        return None
    for key in ("id", "code", "group"):
        if isinstance(element.get(key), str):
            element[key] += "x" if key != "code" else "9"
    if "zh" in element:
        element["zh"] += "增"
    for label in ("text", "label", "title"):
        if isinstance(element.get(label), dict):
            element[label]["zh"] += "增"
    index = R.randint(0, len(before))
    where[name].insert(index, element)
    if name == "sources":
        element["clause"] = "新增"
    return [("ADDED", joined(path, name) + element_path(before, where[name], element, index))]


def edit_swap(entry, R):
    """Two neighbours in another order: of what has a key, the order; of the rest, one has moved."""
    found = [(p, d, n) for p, d, n in lists(entry, 2)]
    if not found:
        return None
    path, where, name = R.choice(found)
    index = R.randrange(len(where[name]) - 1)
    where[name][index:index + 2] = where[name][index:index + 2][::-1]
    pair = where[name][index:index + 2]
    if pair[0] == pair[1]:
        return None
    here = joined(path, name)
    if not isinstance(pair[0], dict):
        return [("CHANGED", here)]
    names = [element_path(where[name], where[name], e, i) for i, e in enumerate(where[name])][index:index + 2]
    if all(key_of(e) and n == f"[{key_of(e)}]" for e, n in zip(pair, names)):
        return [("CHANGED", here)]
    return None  # which of the two has moved is not for the test to say


def edit_drop(entry, R):
    """A part that may be absent, gone."""
    found = [(p, d, n) for p, d in places(entry) for n in
             ("summary", "help", "description", "channel", "source", "guide", "loan", "interest", "collateral",
              "counting_period", "institutions", "keywords", "document_number", "form")
             if n in d]
    if not found:
        return None
    path, where, name = R.choice(found)
    del where[name]
    return [("REMOVED", joined(path, name))]


EDITS = (edit_words, edit_clause, edit_rule, edit_number, edit_flag, edit_day, edit_remove, edit_insert,
         edit_swap, edit_drop)


def edit_whole(trees, R):
    """An entry more, or a policy less: (trees changed), what must be told."""
    choice = R.randrange(6)
    if choice == 0:
        file = R.choice([f for f in trees if f.startswith("policies/") and trees[f]["id"] not in CAPPED])
        name = trees.pop(file)["id"]
        return ("POLICY", name, "REMOVED")
    if choice == 1:
        old = trees[R.choice([f for f in trees if f.startswith("policies/")])]
        new = copy.deepcopy(old)
        new["id"] += "-zz"
        new["series"] += "-zz"
        new.pop("repeals", None)
        trees[f"policies/{new['id']}.yaml"] = new
        return ("POLICY", new["id"], "ADDED")
    table, kind = R.choice([t for t in TABLES.items() if t[1] not in ("SHARED_CAP", "REGION")])
    file = next(f for f in trees if table in trees[f])
    new = copy.deepcopy(R.choice(trees[file][table]))
    key = "code" if "code" in new and kind == "INDUSTRY" else "name"
    if kind == "INDUSTRY":
        new["parent"], new["code"] = "C13", "C1399"
    else:
        new[key] += "_zz"
    new.pop("question_group", None)
    new.pop("group_question", None)
    trees[file][table].insert(R.randint(0, len(trees[file][table])), new)
    name = new[key]
    if kind == "ATTRIBUTE" and new.get("item_list"):
        name = new["item_list"] + "." + name
    return (kind, name, "ADDED")


def edited(base, R):
    """Another catalog and what is different: {(kind, id): (how, [(how, path), ...])}."""
    trees = copy.deepcopy(base)
    expected = {}
    kinds = ("POLICY", "POLICY", "POLICY", "PARAMETER", "ATTRIBUTE", "REGION", "INDUSTRY", "SHARED_CAP")
    for _ in range(R.randint(1, 4)):
        kind = R.choice(kinds)
        _, name, _, entry = R.choice([e for e in entries(trees) if e[0] == kind])
        if (kind, name) in expected:
            continue
        for edit in R.sample(EDITS, len(EDITS)):
            trial = copy.deepcopy(entry)
            told = edit(trial, R)
            if told:
                entry.clear()
                entry.update(trial)
                expected[kind, name] = ("CHANGED", told)
                break
    if R.random() < .3:
        kind, name, how = edit_whole(trees, R)
        if (kind, name) in expected:
            return None
        expected[kind, name] = (how, [])
    return trees, expected


def told(answer):
    return {(c["entry"].removeprefix("ENTRY_KIND_"), c["id"]):
            (c["kind"].removeprefix("CHANGE_KIND_"),
             [(f["kind"].removeprefix("CHANGE_KIND_"), f["path"]) for f in c["fields"]])
            for c in answer["changes"]}


def columns(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
               for c in line)


def random_edits():
    base = base_catalog()
    for name in CAPPED:
        base[f"policies/{name}.yaml"]["shared_cap"] = "cap-a"
    R = random.Random(SEED)
    home = save(base, "base")
    code, out, err = policycalc("catalog", "diff", str(home), str(home))
    assert (code, out) == (0, "共 0 处不同\n"), (code, out, err, policycalc("catalog", "check", str(home))[1])
    daemon = Daemon(starter=home)
    server = daemon.addresses[0]
    code, out, err = policycalc("catalog", "diff", str(home), server=server)
    assert (code, out) == (0, "共 0 处不同\n"), (code, out, err)
    checked = refused = published = 0
    begun = time.monotonic()
    for number in range(ROUNDS):
        made = edited(base, R)
        if not made or not made[1]:
            continue
        trees, expected = made
        folder = save(trees, f"edit-{number}", base, home)
        code, out, err = policycalc("catalog", "diff", str(home), str(folder), "--format=json")
        if code == 2:  # not a catalog: another edit
            refused += 1
            if os.environ.get("VERBOSE"):
                print(expected, policycalc("catalog", "check", str(folder))[1])
            continue
        assert code == 1, (code, out, err)
        answer = json.loads(out)
        assert told(answer) == expected, (SEED, number, "told", told(answer), "edited", expected)
        # In words: each entry by its id, each change by a line; and within the width.
        for lang in ("zh", "en") if number % 3 == 0 else ():
            _, text, _ = policycalc("catalog", "diff", str(home), str(folder), lang=lang)
            flat = "".join(text.split())
            for _, name in expected:
                assert name in flat, (name, text)
            fields = sum(len(paths) for _, paths in expected.values())
            assert text.count("    · ") == fields, (fields, text)
            for line in text.splitlines():
                assert columns(line) <= 80, (columns(line), line)
        # And as two revisions of a service.
        if published < 4 and policycalc("catalog", "publish", str(folder), server=server)[0] == 0:
            latest = json.loads(policycalc("catalog", "log", "--format=json", server=server)[1].splitlines()[0])
            code, out, err = policycalc("catalog", "diff", "1", str(latest["number"]), "--format=json",
                                        server=server)
            assert code == 1, (code, out, err)
            stored = json.loads(out)
            assert stored["changes"] == answer["changes"], (SEED, number, stored["changes"], answer["changes"])
            published += 1
        checked += 1
        shutil.rmtree(folder)
    print(f"  {checked} catalogs, {refused} refused by the check, {published} published, "
          f"{time.monotonic() - begun:.1f} s")
    assert checked > ROUNDS / 2 and published > 0, (checked, refused, published)
    assert daemon.stop() == 0


run(random_edits)
