"""Safetensors files that need not fit in memory: written tensor by tensor, read by mapping. Knows BF16, which numpy does not."""
import json
import struct

import torch

TYPES = {"F32": torch.float32, "BF16": torch.bfloat16}
NAMES = {t: n for n, t in TYPES.items()}
HEADER_BYTES = 1 << 17      # reserved before the data; blanks fill what the names leave


class TensorWriter:
    """Use in a with statement; the header is written at its end."""

    def __init__(self, path):
        self.file, self.header, self.offset = open(path, "wb"), {"__metadata__": dict(format="pt")}, 0
        self.file.seek(8 + HEADER_BYTES)

    def add(self, name, value):
        blob = value.contiguous().view(torch.uint8).numpy() if value.dtype == torch.float32 else value.contiguous().view(torch.int16).numpy()
        self.file.write(blob.tobytes())
        end = self.offset + blob.nbytes
        self.header[name] = dict(dtype=NAMES[value.dtype], shape=list(value.shape), data_offsets=[self.offset, end])
        self.offset = end

    def __enter__(self):
        return self

    def __exit__(self, *error):
        text = json.dumps(self.header, separators=(",", ":")).encode()
        assert len(text) <= HEADER_BYTES
        self.file.seek(0)
        self.file.write(struct.pack("<Q", HEADER_BYTES) + text.ljust(HEADER_BYTES))
        self.file.close()


def map_tensors(path):
    """name -> tensor of the stored type, backed by the file; do not write to them."""
    with open(path, "rb") as f:
        size, = struct.unpack("<Q", f.read(8))
        header = json.loads(f.read(size))
        f.seek(0, 2)
        whole = torch.from_file(path, size=f.tell(), dtype=torch.uint8)
    header.pop("__metadata__", None)
    out = {}
    for name, entry in header.items():
        a, b = (8 + size + x for x in entry["data_offsets"])
        out[name] = whole[a:b].view(TYPES[entry["dtype"]]).view(entry["shape"])
    return out
