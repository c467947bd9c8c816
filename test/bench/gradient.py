"""A loss and its gradient by LoRA in PyTorch fp32 autograd, with the savings of this project's engine: packed tokens (no padding outside of
attention), rows of the labels alone, and of a language model's last layer only what scored tokens need.

Reads one JSON line with the readout and the adapter, then requests {"ids": [[...]], "labels": [...], "gradient": bool}, and answers
{"seconds": ..., "loss": ..., "peak": bytes of the process so far}.

Its own environment: pip install torch==2.13.0 transformers gguf accelerate
Usage: python gradient.py (--bert FOLDER | --gguf FILE) --threads 2
"""
import argparse
import json
import os
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F
from transformers import AutoModel, AutoModelForCausalLM


class Lora(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear, self.scale = linear, alpha / rank
        self.a = nn.Parameter(torch.randn(rank, linear.in_features) * linear.in_features**-0.5)
        self.b = nn.Parameter(torch.zeros(linear.out_features, rank))

    def forward(self, x):
        return self.linear(x) + self.scale * ((x @ self.a.T) @ self.b.T)


class Places:
    """Where the tokens of a batch lie, packed one after another and padded to the longest."""

    def __init__(self, ids):
        lengths = [len(text) for text in ids]
        self.texts, self.longest = len(ids), max(lengths)
        starts = [sum(lengths[:b]) for b in range(self.texts)]
        self.ids = torch.tensor([token for text in ids for token in text])
        self.positions = torch.tensor([t for n in lengths for t in range(n)])
        self.unpack = torch.tensor([start + min(t, n - 1) for start, n in zip(starts, lengths) for t in range(self.longest)])
        self.pack = torch.tensor([b * self.longest + t for b, n in enumerate(lengths) for t in range(n)])
        self.last = torch.tensor([start + n - 1 for start, n in zip(starts, lengths)])
        self.visible = torch.tensor([[t < n for t in range(self.longest)] for n in lengths])[:, None, None, :]
        pool = torch.zeros(self.texts, sum(lengths))
        for b, (start, n) in enumerate(zip(starts, lengths)):
            pool[b, start : start + n] = 1 / n
        self.pool = pool

    def heads(self, x, size):
        return x[self.unpack].reshape(self.texts, self.longest, -1, size).transpose(1, 2)

    def tokens(self, x):
        return x.transpose(1, 2).reshape(self.texts * self.longest, -1)[self.pack]


def bert(model, at):
    table = model.embeddings
    x = table.LayerNorm(table.word_embeddings(at.ids) + table.position_embeddings(at.positions) + table.token_type_embeddings.weight[0])
    size = model.config.hidden_size // model.config.num_attention_heads
    for layer in model.encoder.layer:
        own = layer.attention.self
        q, k, v = (at.heads(f(x), size) for f in (own.query, own.key, own.value))
        mixed = at.tokens(F.scaled_dot_product_attention(q, k, v, attn_mask=at.visible))
        x = layer.attention.output.LayerNorm(x + layer.attention.output.dense(mixed))
        x = layer.output.LayerNorm(x + layer.output.dense(F.gelu(layer.intermediate.dense(x))))
    return F.normalize(at.pool @ x, dim=1)


def llama(model, at):
    config = model.config
    size = config.hidden_size // config.num_attention_heads
    x = model.embed_tokens(at.ids)
    cos, sin = model.rotary_emb(x[None], torch.arange(at.longest)[None])
    ahead = torch.ones(at.longest, at.longest, dtype=torch.bool).tril()
    visible = at.visible & ahead

    def turned(y):
        half = y.shape[-1] // 2
        return y * cos[:, None] + torch.cat([-y[..., half:], y[..., :half]], -1) * sin[:, None]

    for i, layer in enumerate(model.layers):
        own, y = layer.self_attn, layer.input_layernorm(x)
        q, k, v = turned(at.heads(own.q_proj(y), size)), turned(at.heads(own.k_proj(y), size)), at.heads(own.v_proj(y), size)
        mixed = at.tokens(F.scaled_dot_product_attention(q, k, v, attn_mask=visible, enable_gqa=True))
        if i == len(model.layers) - 1:
            mixed, x = mixed[at.last], x[at.last]
        x = x + own.o_proj(mixed)
        y = layer.post_attention_layernorm(x)
        x = x + layer.mlp.down_proj(F.silu(layer.mlp.gate_proj(y)) * layer.mlp.up_proj(y))
    return model.norm(x)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bert")
    parser.add_argument("--gguf")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    if arguments.bert:
        model, features = AutoModel.from_pretrained(arguments.bert, dtype=torch.float32), bert
    else:
        folder, name = os.path.split(arguments.gguf)
        model, features = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32).model, llama
    model.eval().requires_grad_(False)
    told = json.loads(sys.stdin.readline())
    rows, bias = torch.tensor(told["rows"]), torch.tensor(told["bias"])
    adapted = [layer.attention.self for layer in model.encoder.layer] if arguments.bert else [layer.self_attn for layer in model.layers]
    for own in adapted:
        for name in ("query", "value") if arguments.bert else ("q_proj", "v_proj"):
            setattr(own, name, Lora(getattr(own, name), told["rank"], told["alpha"]))
    trainable = [p for p in model.parameters() if p.requires_grad]
    print(json.dumps({"trainable": sum(p.numel() for p in trainable), "torch": torch.__version__}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        started = time.perf_counter()
        with torch.set_grad_enabled(request["gradient"]):
            at = features(model, Places(request["ids"]))
            loss = F.cross_entropy(told["scale"] * at @ rows.T + bias, torch.tensor(request["labels"]))
        if request["gradient"]:
            torch.autograd.grad(loss, trainable)
        seconds = time.perf_counter() - started
        peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(json.dumps({"seconds": seconds, "loss": loss.item(), "peak": peak}), flush=True)


if __name__ == "__main__":
    main()
