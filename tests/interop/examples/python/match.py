# SPDX-License-Identifier: Apache-2.0
"""A caller in Python that does all that a caller should: deadline, retries, token, TLS, error details.

    apt install protobuf-compiler python3-grpcio python3-protobuf
    mkdir generated; (cd proto && protoc -I . --python_out=../generated google/rpc/*.proto policycalc/v1/*.proto)
    python3 match.py generated ADDRESS [--token-file FILE] [--ca FILE [--cert FILE --key FILE]]
"""
import argparse
import json
import pathlib
import sys
import time

import google
import grpc

arguments = argparse.ArgumentParser()
arguments.add_argument("generated")
arguments.add_argument("address")
arguments.add_argument("--token-file", help="what policycalc keygen wrote")
arguments.add_argument("--ca", help="certificate of the authority that signed the service's: speaks TLS")
arguments.add_argument("--cert", help="our certificate, where the service asks for one")
arguments.add_argument("--key", help="its key")
arguments = arguments.parse_args()

sys.path.insert(0, arguments.generated)
google.__path__ = [*google.__path__, arguments.generated + "/google"]  # ours beside the installed package
from google.rpc import error_details_pb2 as details, status_pb2  # noqa: E402
from policycalc.v1 import calculator_service_pb2 as calculator, profile_pb2 as profile  # noqa: E402

# The library tries again by itself what the service did not begin. Asking changes nothing, so that is always right.
RETRIES = json.dumps({"methodConfig": [{
    "name": [{"service": "policycalc.v1.CalculatorService"}],
    "retryPolicy": {"maxAttempts": 4, "initialBackoff": "0.2s", "maxBackoff": "2s", "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE"]}}]})


def connect():
    options = [("grpc.service_config", RETRIES), ("grpc.enable_retries", 1), ("grpc.enable_http_proxy", 0),
               ("grpc.max_receive_message_length", 64 << 20)]
    if not arguments.ca:
        return grpc.insecure_channel(arguments.address, options)
    authorities, key, cert = (pathlib.Path(name).read_bytes() if name else None
                              for name in (arguments.ca, arguments.key, arguments.cert))
    return grpc.secure_channel(arguments.address, grpc.ssl_channel_credentials(authorities, key, cert), options)


def metadata():
    if not arguments.token_file:
        return []
    with open(arguments.token_file, encoding="ascii") as file:
        return [("authorization", "Bearer " + file.read().strip())]


def detail(error, kind):
    """The google.rpc detail of @kind that a failure carries, or an empty one."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for entry in status_pb2.Status.FromString(value).details:
                if entry.type_url.rsplit("/", 1)[-1] == kind.DESCRIPTOR.full_name:
                    return kind.FromString(entry.value)
    return kind()


def ask(method, request, seconds=10):
    """One deadline for all tries. Who asks too much is told when to come again."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return method(request, timeout=max(0, deadline - time.monotonic()), metadata=metadata())
        except grpc.RpcError as error:
            delay = detail(error, details.RetryInfo).retry_delay
            pause = delay.seconds + delay.nanos / 1e9
            if error.code() != grpc.StatusCode.RESOURCE_EXHAUSTED or not pause or \
                    time.monotonic() + pause > deadline:
                raise
            time.sleep(pause)


def fact(name, period="", **value):  # value: money_fen, ratio_ppm, count, flag, code, codes, date, text ...
    return profile.AttributeValue(name=name, period=period, value=profile.Value(**value))


match = connect().unary_unary("/policycalc.v1.CalculatorService/Match",
                              request_serializer=calculator.MatchRequest.SerializeToString,
                              response_deserializer=calculator.MatchResponse.FromString)
# What is not known is left out: unknown is neither zero nor "no".
question = calculator.MatchRequest(as_of="2026-03-01", limit=5, profile=profile.Profile(attributes=[
    fact("region", code="411282"), fact("industry", code="C3130"), fact("staff", count=126),
    fact("revenue", period="2025", money_fen=8600 * 10000 * 100)]))
answer = ask(match, question)
print(f"revision {answer.revision}, as of {answer.as_of}")
for policy in answer.answers:
    print(policy.policy_id, policy.title.zh)

# A question that is wrong in two ways; every mistake is named by its path. Trying it again would be no use.
try:
    ask(match, calculator.MatchRequest(limit=-1, as_of="tomorrow"))
except grpc.RpcError as error:
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT, error
    for violation in detail(error, details.BadRequest).field_violations:
        print(f"wrong: {violation.field}: {violation.description}")
