# SPDX-License-Identifier: Apache-2.0
"""Random guides of several policies, merged: against an oracle of their own for papers, days, critical
steps and order; and as Mermaid, DOT and SVG, whatever the words in them are.

usage: test_guides.py DAEMON PROTOC PROTO_DIR STARTER_DIR POLICYCALC [SEED [ROUNDS]]
"""
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

import yaml

from harness import FOLDER, STARTER, Daemon, run

PROGRAM = sys.argv[5]
SEED = int(sys.argv[6]) if len(sys.argv) > 6 else 7
ROUNDS = int(sys.argv[7]) if len(sys.argv) > 7 else 16
POLICIES = 12
# Few words, so that steps of different policies are often the same; and what a language could trip on.
TITLES = ("网上申报", "现场核查", "评审", "拨付", "end", "1. 提交", "- 提交", "# 提交 #35; &amp;", '说"好"\'不\'', "`甲` \\n %% 乙",
          "a[b](c){d}|e|", "<script>alert(1)</script>", "subgraph x", "--> y", "$$x$$", "**甲** _乙_", "长" * 60,
          "class s1 critical", "https://x.cn/a?b=1&c=2", "]\"; rm", "\u202e反")
ACTORS = ("企业", "工信局", "end")
CHANNELS = ("线上", "窗口“一”", None)
PAPERS = ("licence", "audit", "plan", "form", "contract")


def random_policy(R, number):
    count = R.randint(0, 6)
    steps = []
    papers = R.sample(PAPERS, R.randint(0, 4))
    for i in range(count):
        step = {"id": f"s{i}", "title": {"zh": R.choice(TITLES[:2] if R.random() < .6 else TITLES), "en": "x"},
                "actor": {"zh": R.choice(ACTORS[:1] if R.random() < .7 else ACTORS)}}
        channel = R.choice(CHANNELS[:1] if R.random() < .6 else CHANNELS)
        if channel:
            step["channel"] = {"zh": channel}
        if R.random() < .7:
            step["working_days"] = f"{R.randint(0, 20)}天"
        after = R.sample(range(i), min(i, R.choice((0, 1, 1, 2))))
        if after:
            step["after"] = [f"s{k}" for k in after]
        mine = R.sample(papers, R.randint(0, len(papers)))
        if mine:
            step["materials"] = mine
        steps.append(step)
    R.shuffle(steps)
    guide = {"steps": steps, "source": {"doc": "办法", "confidence": "BACKGROUND"}}
    if papers:
        guide["materials"] = [{"code": p, "name": {"zh": f"材料<{p}>"}} for p in papers]
    if not steps:
        guide = R.choice([{"automatic": "true"}, None])
    policy = {
        "id": f"guide-{number}", "series": f"guide-{number}", "title": {"zh": f"政策{number}：{R.choice(TITLES)}"},
        "level": "CITY", "kind": "SERVICE", "subject": "ENTERPRISE",
        "departments": R.sample(["工信局", "科技局"], R.randint(1, 2)), "in_force": {"from": "2020-01-01"},
        "window_always": "true", "region": {"covers": ["411200"]},
        "conditions": [{"id": "staff", "role": "REQUIRE", "label": {"zh": "职工"}, "rule": "e.staff > 0"}],
        "amount": {"beneficiary": "ENTERPRISE", "nature": "NONE"}}
    if guide:
        policy["guide"] = guide
    return policy


def policies_make(R):
    """Every other one does much as an earlier one does, with days and papers of its own."""
    policies = []
    for number in range(POLICIES):
        policy = random_policy(R, number)
        if number % 2 and "guide" in policies[number // 2]:
            policy["guide"] = json.loads(json.dumps(policies[number // 2]["guide"]))
            for step in policy["guide"].get("steps", ()):
                if R.random() < .5:
                    step["working_days"] = f"{R.randint(0, 20)}天"
                if R.random() < .2:
                    step["title"] = {"zh": R.choice(TITLES), "en": "x"}
                if R.random() < .5:
                    step.pop("materials", None)
        policies.append(policy)
    return policies


def oracle(policies):
    """The merged steps by themselves: [{title, actor, channel, policies, days, after, papers}]."""
    nodes = []
    for index, policy in enumerate(policies):
        steps = {s["id"]: s for s in (policy.get("guide") or {}).get("steps", ())}
        node_of = {}

        def place(name):
            if name in node_of:
                return node_of[name]
            step = steps[name]
            after = frozenset(place(k) for k in step.get("after", ()))
            words = (step["title"]["zh"], step["actor"]["zh"], step.get("channel", {}).get("zh"))
            found = None
            for i, node in enumerate(nodes):
                others = [policies[k] for k in node["policies"]]
                if (found is None and words[2] and node["words"] == words and node["after"] == after and
                        index not in node["policies"] and
                        all(set(o["departments"]) & set(policy["departments"]) for o in others)):
                    found = i
            if found is None:
                found = len(nodes)
                nodes.append({"words": words, "after": after, "policies": [], "days": None, "papers": set()})
            node = nodes[found]
            node["policies"].append(index)
            if "working_days" in step:
                node["days"] = max(node["days"] or 0, int(step["working_days"][:-1]))
            node["papers"] |= set(step.get("materials", ()))
            node_of[name] = found
            return found
        # In the order in which the service takes them: waves of what need not wait.
        left = list(steps)
        while left:
            wave = []
            for name in left:
                if all(k in node_of for k in steps[name].get("after", ())):
                    place(name)
                else:
                    wave.append(name)
            left = wave
    return nodes


def longest(nodes):
    start = {}

    def begin(i):
        if i not in start:
            start[i] = max((begin(k) + (nodes[k]["days"] or 0) for k in nodes[i]["after"]), default=0)
        return start[i]
    return max((begin(i) + (nodes[i]["days"] or 0) for i in range(len(nodes))), default=0), \
        [begin(i) for i in range(len(nodes))]


def depth(nodes, i):
    return max((depth(nodes, k) + 1 for k in nodes[i]["after"]), default=0)


def check(answer, policies):
    nodes = oracle(policies)
    steps = answer["steps"]
    assert len(steps) == len(nodes), (len(steps), len(nodes))
    total, starts = longest(nodes)
    assert answer["workingDays"] == total, (answer["workingDays"], total)
    told = [p.get("guide") for p in policies]
    complete = all(n["days"] is not None for n in nodes) and all(
        g and (g.get("steps") or g.get("automatic")) for g in told)
    assert answer["daysComplete"] == complete, answer["daysComplete"]
    # Which step is which node: the same words, policies and days, after the same.
    order = []
    for i, step in enumerate(steps):
        assert step["after"] == sorted(step["after"]) and all(k < i for k in step["after"]), step
        words = (step["title"]["zh"], step["actor"]["zh"], (step.get("channel") or {}).get("zh"))
        after = frozenset(order[k] for k in step["after"])
        fits = [k for k, n in enumerate(nodes) if k not in order and n["words"] == words and
                n["policies"] == step["policies"] and n["after"] == after and n["days"] == step.get("workingDays") and
                n["papers"] == {answer["materials"][m]["code"] for m in step["materials"] + step["reusedMaterials"]}]
        assert fits, (step, nodes)
        order.append(fits[0])
        node = nodes[fits[0]]
        assert step["startDay"] == starts[fits[0]] and step["depth"] == depth(nodes, fits[0]), step
        # Critical: one day more here is one day more for the whole.
        if node["days"] is not None:
            node["days"] += 1
            assert step["critical"] == (longest(nodes)[0] > total), step
            node["days"] -= 1
        else:
            assert not step["critical"], step
    assert [s["depth"] for s in steps] == sorted(s["depth"] for s in steps), steps
    # Each paper is handed in once, at the first step that asks for it, and is there when it is used again.
    handed = [m for s in steps for m in s["materials"]]
    assert len(handed) == len(set(handed)), handed
    for i, step in enumerate(steps):
        for m in step["reusedMaterials"]:
            assert m in [x for s in steps[:i] for x in s["materials"]], (i, m)
    asked = {m["code"]: [k for k, g in enumerate(told) if g and any(
        x["code"] == m["code"] for x in g.get("materials", ()))] for m in answer["materials"]}
    assert {m["code"]: m["policies"] for m in answer["materials"]} == asked, (answer["materials"], asked)
    assert set(asked) == {x["code"] for g in told if g for x in g.get("materials", ())}
    assert answer["papersSaved"] == sum(len(p) - 1 for p in asked.values()), answer["papersSaved"]


LABEL = r'"(?:[^"`*_<>\\#;&]|#(?:quot|amp|lt|gt|35|96|59|92|42|95);|<br/>)*"'
MERMAID = [re.compile(p) for p in (
    r"flowchart TD", rf" {{2,4}}[sn]\d+(?:\[{LABEL}\]|\(\[{LABEL}\]\))", rf"  subgraph p\d+\[{LABEL}\]", r"  end",
    r"  s\d+ --> s\d+", r"  class s\d+(?:,s\d+)* critical", r"  classDef critical stroke-width:3px")]
NO_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


def drawn(server, names):
    def guide(form, lang="zh"):
        done = subprocess.run([PROGRAM, "--lang", lang, "guide", *names, "--format", form], text=True,
                              capture_output=True, timeout=60,
                              env=dict(os.environ, NO_COLOR="1", COLUMNS="80", POLICYCALC_SERVER=server))
        assert done.returncode == 0, (names, done.stderr)
        assert form == "json" or not NO_TEXT.search(done.stdout), done.stdout
        return done.stdout
    answer = json.loads(guide("json"))
    text = guide("mermaid")
    for line in text.splitlines():
        assert any(p.fullmatch(line) for p in MERMAID), line
        # Many versions read a label as Markdown, and draw "Unsupported markdown: list" for a list.
        assert not re.search(r'^ +s\d+\["(?:\d+[.)]|[-+])', line), line
    assert len(re.findall(r"(?m)^ +s\d+\[", text)) == len(answer["steps"]), text
    assert len(re.findall(r"(?m)^  subgraph", text)) == len(re.findall(r"(?m)^  end$", text)) == len(names), text
    dot = guide("dot")
    assert dot.count("[label=") >= len(answer["steps"]), dot
    if shutil.which("dot"):
        made = subprocess.run(["dot", "-Tsvg"], input=dot, text=True, capture_output=True, timeout=60)
        assert made.returncode == 0 and "syntax error" not in made.stderr, (made.stderr, dot)
        shown = "".join(xml.etree.ElementTree.fromstring(made.stdout).itertext())
        for step in answer["steps"]:
            assert re.sub(r"\s|\u202e|�", "", step["title"]["zh"]) in re.sub(r"\s|\u202e|�", "", shown), (step, shown)
    svg = xml.etree.ElementTree.fromstring(guide("svg"))
    assert not [e for e in svg.iter() if e.tag.endswith("script") or any(a.startswith("on") for a in e.attrib)]
    boxes = [tuple(float(e.get(k)) for k in ("x", "y", "width", "height")) for e in svg.iter()
             if e.get("class", "").startswith("box")]
    assert len(boxes) == len(answer["steps"]), boxes
    for way in (e.get("d") for e in svg.iter() if e.get("class") == "way"):
        x, y = (float(n) for n in re.match(r"M(\d+) (\d+)", way).groups())
        for direction, number in re.findall(r"([VH])(\d+)", way):
            to = (x, float(number)) if direction == "V" else (float(number), y)
            for left, top, width, height in boxes:  # no leg of an arrow goes through a box
                assert (max(x, to[0]) <= left or min(x, to[0]) >= left + width or
                        max(y, to[1]) <= top or min(y, to[1]) >= top + height), (way, names, answer["steps"])
            x, y = to
    # Text once more, in words: each step with its number, each paper once.
    text = guide("table")
    for i in range(len(answer["steps"])):
        assert re.search(rf"(?m)^ +{i + 1}\. ", text), text
    return answer


def random_guides():
    R = random.Random(SEED)
    policies = policies_make(R)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="draft-", dir=FOLDER)) / "catalog"
    shutil.copytree(STARTER, folder)
    for policy in policies:
        (folder / f"policies/{policy['id']}.yaml").write_text(
            yaml.safe_dump(policy, allow_unicode=True, sort_keys=False), encoding="utf-8")
    daemon = Daemon(starter=folder)
    merged = 0
    for _ in range(ROUNDS):
        chosen = R.sample(policies, R.randint(1, 6))
        answer = drawn(daemon.addresses[0], [p["id"] for p in chosen])
        try:
            check(answer, chosen)
        except AssertionError:
            print([p["id"] for p in chosen], json.dumps([p.get("guide") for p in chosen], ensure_ascii=False))
            raise
        merged += sum(len(s["policies"]) > 1 for s in answer["steps"])
    print(f"  {ROUNDS} guides, {merged} steps taken once for several policies")
    assert merged > 0
    assert daemon.stop() == 0


run(random_guides)
