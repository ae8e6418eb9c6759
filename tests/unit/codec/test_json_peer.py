#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The JSON mapping against Google's own: random messages go from wire bytes through our printer into
json_format, and from json_format through our parser back to wire bytes."""
import random
import subprocess
import sys
import tempfile

try:
    from google.protobuf import json_format
    from google.protobuf.descriptor import FieldDescriptor as F
except ImportError:
    print("skipped: python3-protobuf is not installed")
    sys.exit(77)

convert, protoc, proto_dir = sys.argv[1:4]
TEXTS = ["", "a", "科技贷", 'quote"s\\', "two\nlines", "\x01\x7f", "\u2028", "😀", "</script>"]


def fill(message, dice, depth=0):
    chosen = set()
    for field in message.DESCRIPTOR.fields:
        oneof = field.containing_oneof
        if dice.random() < 0.3 or depth > 6 or (oneof and oneof.name in chosen):
            continue
        if oneof:
            chosen.add(oneof.name)
        repeated = field.label == F.LABEL_REPEATED
        if field.message_type and field.message_type.GetOptions().map_entry:
            for i in range(dice.randrange(3)):
                getattr(message, field.name)[dice.choice(TEXTS) + str(i)] = dice.choice(TEXTS)
            continue
        for _ in range(dice.randrange(4) if repeated else 1):
            if field.message_type:
                target = getattr(message, field.name)
                part = target.add() if repeated else target
                part.SetInParent() if not repeated else None
                fill(part, dice, depth + 1)
                continue
            if field.type == F.TYPE_BOOL:
                value = dice.random() < 0.5
            elif field.type == F.TYPE_ENUM:
                value = dice.choice(field.enum_type.values).number
            elif field.type == F.TYPE_STRING:
                value = dice.choice(TEXTS)
            elif field.type == F.TYPE_BYTES:
                value = dice.randbytes(dice.randrange(5))
            else:
                bits = 31 if field.type == F.TYPE_INT32 else 63
                value = dice.choice([0, 1, -1, 2**bits - 1, -(2**bits), dice.getrandbits(bits)])
            if repeated:
                getattr(message, field.name).append(value)
            else:
                setattr(message, field.name, value)


def run(type_name, source, data):
    done = subprocess.run([convert, type_name, source], input=data, capture_output=True)
    if done.returncode != 0:
        sys.exit(f"{type_name} from {source}: {done.stderr.decode()}\n{data!r}")
    return done.stdout


with tempfile.TemporaryDirectory() as folder:
    files = ["google/rpc/status.proto"] + [f"policycalc/v1/{name}.proto" for name in
             ("profile", "catalog", "combination", "calculator_service", "question",
              "warning")]
    subprocess.run([protoc, "-I" + proto_dir, "--python_out=" + folder]
                   + [f"{proto_dir}/{name}" for name in files], check=True)
    # Debian's own google.rpc is not there; the folder made here must join the google package.
    import google
    google.__path__.append(folder + "/google")
    sys.path.insert(0, folder)
    from policycalc.v1 import calculator_service_pb2, catalog_pb2

    dice = random.Random(20250131)
    checked = 0
    for kind in (catalog_pb2.Policy, catalog_pb2.CatalogFile, calculator_service_pb2.MatchRequest,
                 calculator_service_pb2.MatchResponse):
        for _ in range(25):
            message = kind()
            fill(message, dice)
            ours = run(kind.DESCRIPTOR.name, "wire", message.SerializeToString())
            assert json_format.Parse(ours.decode(), kind()) == message, ours.decode()
            for snake in (False, True):
                theirs = json_format.MessageToJson(message, preserving_proto_field_name=snake)
                back = kind.FromString(run(kind.DESCRIPTOR.name, "json", theirs.encode()))
                assert back == message, theirs
            checked += 1
print(f"{checked} messages agree with json_format")
