"""Computes a classifier's graph in Python's onnxruntime: {"path", "ids", "masks", "left"} on standard input -> {"logits", "probabilities"}.

`left` puts the padding before the texts. Where the onnx package is there too, the file is checked against the standard.
"""

import json
import os
import sys

import numpy
import onnxruntime

asked = json.load(sys.stdin)
try:
    import onnx
except ImportError:
    onnx = None
if onnx is not None:
    onnx.checker.check_model(asked["path"], full_check=os.path.getsize(asked["path"]) < 2**28)

texts, masks = asked["ids"], asked["masks"]
longest = max(map(len, texts)) + 2
ids = numpy.full((len(texts), longest), 3, numpy.int64)
there = numpy.zeros_like(ids)
places = numpy.zeros(len(texts), numpy.int64)
for b, text in enumerate(texts):
    at = longest - len(text) if asked["left"] else 0
    ids[b, at : at + len(text)] = text
    there[b, at : at + len(text)] = 1
    if masks is not None:
        places[b] = at + masks[b]
feed = {"input_ids": ids, "attention_mask": there}
if masks is not None:
    feed["mask_position"] = places
session = onnxruntime.InferenceSession(asked["path"], providers=["CPUExecutionProvider"])
logits, probabilities = session.run(["logits", "probabilities"], feed)
print(json.dumps({"logits": logits.ravel().tolist(), "probabilities": probabilities.ravel().tolist()}))
