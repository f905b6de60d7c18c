#!/usr/bin/env python3
"""Reads what cl writes with nothing but msgpack and numpy: read_cl.py FILE ..."""
import sys

import msgpack
import numpy as np

DTYPES = {"f16": "<f2", "f32": "<f4", "f64": "<f8", "i8": "i1", "u8": "u1", "i16": "<i2", "u16": "<u2", "bf16": "<u2",
          "i32": "<i4", "u32": "<u4", "i64": "<i8", "u64": "<u8"}


def frames(path):
    """Yields (kind, meta, payload); a stream that stops before its end frame is an error."""
    kind = None
    with open(path, "rb") as file:
        for kind, meta, payload in msgpack.Unpacker(file, max_bin_len=1 << 30, unicode_errors="surrogateescape"):
            if meta.get("codec", "none") != "none":
                sys.exit(f"{path}: compressed; use cl-cat -z0 {path} > raw")
            yield kind, meta, payload
    if kind != "end":
        sys.exit(f"{path}: stops before its end frame")


def array(meta, payload):
    shape = meta["shape"]
    return np.frombuffer(payload, DTYPES[meta["dtype"]], int(np.prod(shape)), meta.get("at", 0)).reshape(shape)


for path in sys.argv[1:]:
    for kind, meta, payload in frames(path):
        if kind in ("table", "model"):
            print(path, kind, meta["task"], *(c["name"] for c in meta["columns"]))
        elif kind == "dict":
            print(path, "dict", meta["column"], meta["first"], *meta["values"])
        elif kind == "rows":
            for tensor in meta["tensors"]:
                values = array(tensor, payload)
                print(path, "rows", meta["row"], tensor["name"], values.dtype, values.shape, float(np.nansum(values)))
        elif kind == "tensor":  # one part each, unless above 64 MiB
            values = array(meta, payload)
            print(path, meta["role"], meta["name"], values.dtype, values.shape, float(values.sum()))
