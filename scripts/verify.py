"""Checks a folder written by adazeta with transformers alone: python scripts/verify.py FOLDER [BASE] (BASE: the base's folder, of a PEFT adapter)."""
import hashlib, json, pathlib, sys

folder, base = sys.argv[1], sys.argv[-1]
known = json.load(open(folder + "/verify.json", encoding="utf-8"))
hashes = sorted(hashlib.sha256(file.read_bytes()).hexdigest() for file in pathlib.Path(base).glob("*.safetensors"))
if known["written"] == "adapter" and hashes != sorted(file["sha256"] for file in known["base"]):
    sys.exit(f"this is another base: {base} has not the files that were tuned, {[file['name'] for file in known['base']]}")

import torch
from transformers import AutoModel, AutoModelForCausalLM

pooled, worst = known["measured"] == "features", 0.0
model = (AutoModel if pooled else AutoModelForCausalLM).from_pretrained(base, dtype=torch.float32).eval()
if known["written"] == "adapter":
    model.load_adapter(folder)  # needs peft
for text in known["texts"]:
    ids, expected = torch.tensor([text["ids"]]), torch.tensor(text["values"])
    with torch.no_grad():
        out = model(ids)
    if pooled:
        found = torch.nn.functional.normalize(out.last_hidden_state[0].mean(0), dim=0)
    else:
        found = torch.log_softmax(out.logits[0, :-1], -1).gather(1, ids[0, 1:, None])[:, 0]
    worst = max(worst, (found - expected).abs().max().item())
print(f"largest difference: {worst:.1e} (allowed: {known['tolerance']})")
sys.exit("not the same" if not worst <= known["tolerance"] else 0)
