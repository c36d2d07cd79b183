"""Reading and writing safetensors files with numpy only."""
import json
import struct

import numpy as np

TYPES = {"F32": np.float32, "F64": np.float64, "I64": np.int64, "I32": np.int32, "U8": np.uint8}
NAMES = {np.dtype(t): n for n, t in TYPES.items()}


def write_tensors(path, tensors, metadata=None):
    """tensors: name -> array.  The header is padded so that the data starts at a multiple of eight bytes."""
    header, blobs, offset = {}, [], 0
    if metadata:
        header["__metadata__"] = metadata
    for name, value in tensors.items():
        value = np.asarray(value)
        blob = np.ascontiguousarray(value).tobytes()
        header[name] = dict(dtype=NAMES[value.dtype], shape=list(value.shape), data_offsets=[offset, offset + len(blob)])
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)))
        f.write(text)
        f.writelines(blobs)


def read_tensors(path):
    """name -> array of every tensor in the file."""
    with open(path, "rb") as f:
        size, = struct.unpack("<Q", f.read(8))
        header, data = json.loads(f.read(size)), f.read()
    header.pop("__metadata__", None)
    out = {}
    for name, entry in header.items():
        a, b = entry["data_offsets"]
        out[name] = np.frombuffer(data[a:b], TYPES[entry["dtype"]]).reshape(entry["shape"]).copy()
    return out
