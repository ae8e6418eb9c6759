# SPDX-License-Identifier: Apache-2.0
"""The smallest caller: one enterprise in, its policies out.

    apt install protobuf-compiler python3-grpcio python3-protobuf
    mkdir generated; (cd proto && protoc -I . --python_out=../generated google/rpc/status.proto policycalc/v1/*.proto)
    python3 tests/interop/first_call.py 127.0.0.1:50551 generated
"""
import sys

import google
import grpc

sys.path.insert(0, sys.argv[2])
google.__path__ = [*google.__path__, sys.argv[2] + "/google"]  # ours beside the installed package
from policycalc.v1 import calculator_service_pb2 as calculator, profile_pb2 as profile  # noqa: E402


def fact(name, period="", **value):  # value: money_fen, ratio_ppm, count, flag, code, codes, date, text ...
    return profile.AttributeValue(name=name, period=period, value=profile.Value(**value))


channel = grpc.insecure_channel(sys.argv[1])
match = channel.unary_unary("/policycalc.v1.CalculatorService/Match",
                            request_serializer=calculator.MatchRequest.SerializeToString,
                            response_deserializer=calculator.MatchResponse.FromString)
answer = match(calculator.MatchRequest(as_of="2026-03-01", profile=profile.Profile(attributes=[
    fact("region", code="411282"), fact("industry", code="C3130"), fact("staff", count=126),
    fact("revenue", period="2025", money_fen=8600 * 10000 * 100)])), timeout=5)
print(f"第 {answer.revision} 版目录，{answer.as_of}")
for policy in answer.answers:
    print(calculator.PolicyAnswer.DESCRIPTOR.fields_by_name["verdict"].enum_type
          .values_by_number[policy.verdict].name, policy.policy_id, policy.title.zh, list(policy.missing))
