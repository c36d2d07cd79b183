"""python3-msgpack as a peer: for each line of hex on stdin, one line with its reading of the bytes and its own bytes.

The line "generate SEED COUNT" asks for documents of its own. The text is the one of DocumentText.cs.
"""
import math
import random
import struct
import sys

import msgpack


def text(value):
    if value is None:
        return "nil"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        return f"i{value}"
    if isinstance(value, float):
        return "fnan" if math.isnan(value) else "f" + struct.pack(">d", value).hex()
    if isinstance(value, str):
        return "s" + value.encode().hex()
    if isinstance(value, bytes):
        return "b" + value.hex()
    if isinstance(value, list):
        return "[" + ",".join(text(v) for v in value) + "]"
    return "{" + ",".join(sorted(f"{text(k)}:{text(v)}" for k, v in value.items())) + "}"


def document(rng, depth):
    kind = rng.randrange(10 if depth > 0 else 8)
    if kind == 0:
        return None
    if kind == 1:
        return rng.random() < 0.5
    if kind in (2, 3):
        magnitude = rng.getrandbits(rng.randrange(1, 64))
        return -magnitude if rng.random() < 0.5 else magnitude
    if kind in (4, 5):
        return struct.unpack(">d", rng.randbytes(8))[0]
    if kind == 6:
        return "".join(chr(rng.choice((97, 0xE9, 0x20AC, 0x1F600))) for _ in range(rng.randrange(60)))
    if kind == 7:
        return rng.randbytes(rng.randrange(300))
    if kind == 8:
        return [document(rng, depth - 1) for _ in range(rng.randrange(20))]
    return {(f"k{i}" if rng.random() < 0.5 else i): document(rng, depth - 1) for i in range(rng.randrange(20))}


def pack(value):
    return msgpack.packb(value, use_bin_type=True).hex()


for line in sys.stdin:
    line = line.strip()
    if line.startswith("generate "):
        _, seed, count = line.split()
        rng = random.Random(int(seed))
        for _ in range(int(count)):
            made = document(rng, 4)
            print(text(made), pack(made))
    else:
        read = msgpack.unpackb(bytes.fromhex(line), raw=False, strict_map_key=False)
        print(text(read), pack(read))
    sys.stdout.flush()
