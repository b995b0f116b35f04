"""Asks a verifier: with which codes will the target continue a prompt?

    pip install -r examples/requirements.txt
    python examples/verifier_client.py 127.0.0.1:7070 TOKEN...

Prints the log-probabilities of the first codes of the catalogue, in ascending order of the code. If the verifier
runs whole searches, also the numbers of the five best code paths, with their scores.
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
        searches = any(one.program == pb.PROGRAM_BEAM_SEARCH for one in described.programs)
        found = verifier.Search(whole_search(described, prompt), timeout=30) if searches else None
    kind = "f" if answer.format == pb.NUMBER_FORMAT_FLOAT32 else "d"
    for (log_probability,) in struct.iter_unpack(f"<{kind}", answer.log_probs):
        print(log_probability)
    if found is not None:
        for number, score in zip(found.paths, found.scores):
            print(number, score)


def whole_search(described: "pb.DescribeResponse", prompt: list[int]) -> "pb.SearchRequest":
    return pb.SearchRequest(
        target=described.target, catalogue=described.catalogue, scoring=described.scoring,
        program=pb.PROGRAM_BEAM_SEARCH, beam_width=5,
        prompt_lengths=[len(prompt)], prompt_tokens=prompt,
        # One user, from whom nothing is kept and for whom nothing is drafted.
        closed_sizes=[0], drafted_sizes=[0],
    )


main(sys.argv[1], [int(token) for token in sys.argv[2:]])
