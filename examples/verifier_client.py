"""Asks a verifier: with which codes will the target continue a prompt?

    pip install -r examples/requirements.txt
    python examples/verifier_client.py 127.0.0.1:7070 TOKEN...

Prints the log-probabilities of the first codes of the catalogue, in ascending order of the code.
"""

import secrets
import struct
import sys
from pathlib import Path

import grpc

# grpcio-tools compiles the .proto when it is imported; `protoc` does the same ahead of time.
sys.path.insert(0, str(Path(__file__).parent.parent / "packages" / "protocol" / "proto"))
pb, services = grpc.protos_and_services("nightbeam/verifier/v1/verifier.proto")


def main(address: str, prompt: list[int]) -> None:
    with grpc.insecure_channel(address) as channel:
        verifier = services.VerifierStub(channel)
        described = verifier.Describe(pb.DescribeRequest(), timeout=10)
        request = pb.VerifyRequest(
            target=described.target, catalogue=described.catalogue, scoring=described.scoring,
            client=secrets.randbits(64), keys=[1],
            prompt_lengths=[len(prompt)], prompt_tokens=prompt,
            # One user, whose tree has one entry: the root, and what follows it is wanted.
            tree_sizes=[1], codes=[0], parents=[1], wanted=b"\x01",
        )
        answer = verifier.Verify(request, timeout=30)
    kind = "f" if answer.format == pb.NUMBER_FORMAT_FLOAT32 else "d"
    for (log_probability,) in struct.iter_unpack(f"<{kind}", answer.log_probs):
        print(log_probability)


main(sys.argv[1], [int(token) for token in sys.argv[2:]])
