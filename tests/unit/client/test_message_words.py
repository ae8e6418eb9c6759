# SPDX-License-Identifier: Apache-2.0
"""The Chinese words for messages, against the sources that say them: none outlives its message, and what the check
of a draft can say has words.

usage: test_message_words.py SOURCE_ROOT
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1])
TEXT = r'"(?:[^"\\\n]|\\.)*"'
# Adjacent literals, with macros such as PRId64 and comments between them.
LITERAL = re.compile(rf'{TEXT}(?:(?:\s|/\*.*?\*/|\bPRI\w+\b)+(?:{TEXT})?)*', re.S)
CONVERSION = re.compile(r'%(?:[-+ #0]*)(?:\*|\d+)?(?:\.(?:\*|\d+))?(?:hh|h|ll|l|z|j|t)?[diouxXcsp]')
# Who says something about a draft, and which argument is the format.
REPORTS = {"check_error": 4, "check_warn": 4, "check_warning": None, "checker_report": 2, "checker_report_mark": 2,
           "source_report": 4, "parser_report": None, "yaml_report": 3, "ruleset_build_mistake": None,
           "diagnostics_add": 7}
REPORTING = ("service/publish", "service/rules", "service/calculator", "proto/codec/yaml_parse.c",
             "proto/codec/yaml_source.c", "proto/codec/yaml_scalar.c", "proto/codec/unit.c",
             "proto/codec/value_choice.c", "proto/codec/value_text.c")
# What is wrong with a profile is returned or noted by many functions: all that is said there counts.
PROFILES = ("service/calculator/profile_value.c", "service/calculator/supplied.c")
# What a failure of the codec is set to stands in a finding as it is.
CODEC = ("yaml_scalar.c", "unit.c", "value_choice.c", "value_text.c")
# Patterns of which the sources have only parts: what each is put together of.
_NEVER = 'no enterprise can ever meet "{}"{}: {}{}{}'
_ALWAYS = 'every enterprise meets "{}"{}{}: it says nothing'
_MEASURED = '"{}" cannot be measured: expected an attribute of type MONEY, RATIO, COUNT or FLAG{}{}{}'
_UNKNOWN = 'there is no attribute "{}"{}{}{}'
_PREFIX = ", written with its prefix (e.staff)"
_REST = ', while "{}" is in force (a value not_stated, or unverified: true on the parameter, says that this is known)'
_NO_VALUE = 'parameter "{}" has no value from {}'
_YUAN = "; write yuan(n), wan(n) or yi(n)"
JOINED = {
    "finer than one": ("finer than {}", "one"),
    f"{_NO_VALUE} to {{}}{_REST}": (f"{_NO_VALUE}{{}}{{}}{_REST}", " to "),
    f"{_NO_VALUE} on{_REST}": (f"{_NO_VALUE}{{}}{{}}{_REST}", " on"),
    _NEVER[:-len("{}{}{}")] + "it fails for every value{}": (_NEVER, "it fails for every value"),
    _NEVER[:-len("{}{}{}")] + "it contradicts itself or reads nothing that differs between enterprises":
        (_NEVER, "it contradicts itself or reads nothing that differs", " between enterprises"),
    'every enterprise meets "{}": it says nothing': (_ALWAYS,),
    'every enterprise meets "{}", whatever the value{}: it says nothing': (_ALWAYS, ", whatever the value"),
    **{f'{what} "{{}}" {words}': (what, f'{{}} "{{}}" {words}') for what in ("row", "group", "veto", "score table")
       for words in ("comes twice", "has no label", "has no source, and neither has its table")},
    'there is no attribute "{}" of {}': ('there is no attribute "{}"{}{}', " of "),
    **{f"{what} {{}} and {{}}{more}": (what, "{} {} and {}{}", _YUAN) for what in ("adds", "takes apart")
       for more in ("", _YUAN)},
    **{f"there is no {{}} {operation} {{}}": ("there is no {} {} {}",) for operation in "+-*/%"},
    "{}() takes {} argument, not {}": ("{}() takes {} argument{}, not {}",),
    "{}() takes {} arguments, not {}": ("{}() takes {} argument{}, not {}",),
    'expected {}, found "{}", which is a reserved word': ('expected {}, found "{}"{}', ", which is a reserved word"),
    _MEASURED[:-len("{}{}{}")] + _PREFIX: (_MEASURED, _PREFIX),
    'there is no attribute "{}"; is "{}" meant?': (_UNKNOWN, '; is "', '" meant?'),
    'there is no attribute "{}"' + _PREFIX: (_UNKNOWN, _PREFIX),
}
# The C library's.
SYSTEM = {"Connection refused", "No such file or directory", "Permission denied", "Is a directory",
          "Network is unreachable", "No route to host", "No space left on device", "Not a directory",
          "Read-only file system"}
# libyaml's begin so; those that end in what the codec itself forbids are ours.
LIBRARY = ("while parsing a", "while scanning ", "did not find expected ", "could not find expected ", "found ",
           "mapping keys are", "mapping values are", "block sequence entries are", "control characters are")
# A place and what is wrong there.
PLACES = ("{}: {}", '"{}": {}')


def plain(literal):
    """The text of adjacent literals, each conversion a hole."""
    parts = []
    for piece in re.finditer(rf"{TEXT}|PRI\w+", literal):
        text = piece.group()
        parts.append("d" if text.startswith("PRI") else text[1:-1])
    text = "".join(parts).replace('\\"', '"').replace("\\\\", "\\").replace("\\n", "\n")
    return CONVERSION.sub("{}", text).replace("%%", "%")


def without_comments(text):
    return re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), text, flags=re.S)


def sources(*places):
    for place in places:
        path = ROOT / place
        for file in sorted(path.rglob("*.[ch]")) if path.is_dir() else [path]:
            yield file, without_comments(file.read_text(encoding="utf-8"))


def arguments(text, at):
    """The arguments of the call whose bracket is before @at."""
    found, depth, start, quoted = [], 1, at, None
    while depth:
        c = text[at]
        if quoted:
            if c == "\\":
                at += 1
            elif c == quoted:
                quoted = None
        elif c in "\"'":
            quoted = c
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        if not quoted and (depth == 0 or (depth == 1 and c == ",")):
            found.append(text[start:at])
            start = at + 1
        at += 1
    return found


def said():
    """Each message that a check can say, and where."""
    for file, text in sources(*REPORTING):
        names = [*REPORTS, *(["error_set"] if file.name in CODEC else [])]
        for call in re.finditer(rf"\b({'|'.join(names)})\(", text):
            for argument in arguments(text, call.end()):
                for literal in LITERAL.finditer(argument):
                    words = plain(literal.group())
                    if " " in words.replace("{}", ""):
                        yield words, f"{file.relative_to(ROOT)}"


def said_of_profiles():
    for file, text in sources(*PROFILES):
        for literal in LITERAL.finditer(text):
            words = plain(literal.group())
            if " " in words.replace("{}", ""):
                yield words, f"{file.relative_to(ROOT)}"


def table():
    text = (ROOT / "client/render/message_words.def").read_text(encoding="utf-8")
    for call in re.finditer(r"^MESSAGE\(", without_comments(text), re.M):
        english, chinese = arguments(without_comments(text), call.end())
        yield plain(english), plain(chinese)


def pieces(pattern):
    """What a pattern says of its own; in the sources it may be put together of these."""
    return [piece for piece in re.split(r"\{\}", pattern) if piece.strip(' "():;,')]


def test_none_outlives_its_message(patterns):
    texts = [[plain(m.group()) for m in LITERAL.finditer(text)] for _, text in sources("service", "proto/codec", "client/lib", "client/cli")]
    whole = {literal for literals in texts for literal in literals}
    joined = ["\n".join(literals) for literals in texts]
    parts = {part for pattern in patterns for part in JOINED.get(pattern, ())}
    assert parts <= whole, f"not in the sources: {parts - whole}"
    unsaid = [pattern for pattern in patterns if pattern not in whole and pattern not in JOINED and pattern not in SYSTEM and
              not pattern.startswith(LIBRARY) and
              not any(all(piece in text for piece in pieces(pattern)) for text in joined)]
    assert not unsaid, "nobody says:\n" + "\n".join(unsaid)


def test_what_is_said_has_words(patterns):
    shapes = [re.compile(".*".join(map(re.escape, pattern.split("{}"))), re.S) for pattern in patterns
              if pieces(pattern)]
    parts = {*PLACES, *(part for pattern in patterns for part in JOINED.get(pattern, ()))}
    # What the compiler alone finds, the check has found before, but for score tables.
    lacking = [f"{place}: {words}" for words, place in (*said(), *said_of_profiles())
               if words not in parts and (place in PROFILES or not place.startswith("service/calculator")) and
               not any(shape.fullmatch(words) for shape in shapes)]
    assert not lacking, "without words in client/render/message_words.def:\n" + "\n".join(sorted(set(lacking)))


def main():
    patterns = [english for english, _ in table()]
    assert len(patterns) > 300 and len(list(said())) > 300, (len(patterns), len(list(said())))
    test_none_outlives_its_message(patterns)
    test_what_is_said_has_words(patterns)


main()
