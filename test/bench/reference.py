"""One AdaZeta step in PyTorch fp32, organised as the paper's reference code organises it.

Source of the organisation: yifanycc/AdaZeta 3659ba3 (its facts, in our own words): one sequence per option, padded to the batch's
longest, language-model head on every position, theta perturbed in place by +eps, -2 eps, +eps from a reseeded generator,
queries one after another. Reads requests (one JSON per line) from standard input, answers {"seconds": ..., "loss": ...}.

With --roberta LAYERS: RoBERTa-large's shape with random weights instead, one row per text, scored at its mask. There a request may
ask for another organisation ("how"): "savings", the same step with all the savings of this project's engine (packed tokens, no
padding outside of attention, two rows of the head at the mask only, the last layer for masks only), or "derivatives", the same with
exact directional derivatives of all queries together (torch.func.jvp under vmap: one primal, one tangent a query).

Its own environment: pip install torch==2.13.0 transformers gguf accelerate
Usage: python reference.py (--gguf FILE | --roberta LAYERS) --threads 2 [--dtype float32|bfloat16]
"""
import argparse
import json
import os
import sys
import time

import torch
from torch import nn
from torch.func import functional_call, jvp, vmap
from torch.nn import functional as F
from transformers import AutoModelForCausalLM, RobertaConfig, RobertaForMaskedLM


def tensor_train(modes, inputs, rank):
    """Cores of a TT matrix; every inner rank is `rank`. Fast-forward: y = (x L) R."""
    ranks = [1] + [rank] * (len(modes) - 1) + [1]
    total_in, total_out = 1, 1
    for k in modes[:inputs]:
        total_in *= k
    for k in modes[inputs:]:
        total_out *= k
    sigma = (1 / (total_in + total_out)) ** 0.5
    return [torch.randn(ranks[i], k, ranks[i + 1]) * ranks[i + 1] ** -0.5 * sigma ** (1 / len(modes)) for i, k in enumerate(modes)]


class TensorTrainLinear(nn.Module):
    def __init__(self, modes, inputs, rank):
        super().__init__()
        self.inputs = inputs
        self.cores = nn.ParameterList([nn.Parameter(c) for c in tensor_train(modes, inputs, rank)])
        out = 1
        for k in modes[inputs:]:
            out *= k
        self.bias = nn.Parameter((torch.rand(out) * 2 - 1) / out**0.5)

    def forward(self, x):
        left = self.cores[0].reshape(-1, self.cores[0].shape[2])
        for core in self.cores[1 : self.inputs]:
            left = (left @ core.reshape(core.shape[0], -1)).reshape(-1, core.shape[2])
        right = self.cores[-1].reshape(self.cores[-1].shape[0], -1)
        for core in reversed(self.cores[self.inputs : -1]):
            right = (core.reshape(-1, core.shape[2]) @ right).reshape(core.shape[0], -1)
        return (x @ left) @ right + self.bias


SMOLLM2 = ([8, 8, 9, 4, 4, 4], 3), ([4, 4, 4, 8, 8, 9], 3)
ROBERTA_LARGE = ([8, 8, 16, 8, 8], 3), ([8, 8, 16, 8, 8], 2)


class Adapter(nn.Module):
    def __init__(self, scale, modes):
        super().__init__()
        self.down = TensorTrainLinear(*modes[0], 5)
        self.up = TensorTrainLinear(*modes[1], 5)
        self.scale = scale

    def forward(self, x):
        return x + self.scale * self.up(torch.relu(self.down(x)))


class Before(nn.Module):
    def __init__(self, linear, scale, modes):
        super().__init__()
        self.linear, self.adapter = linear, Adapter(scale, modes)

    def forward(self, x):
        return self.linear(self.adapter(x))


class After(Before):
    def forward(self, x):
        return self.adapter(self.linear(x))


class Packed(nn.Module):
    """The loss of RoBERTa with all savings; `explicit` attention can be differentiated forwards."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, batch, words, explicit):
        encoder, head = self.model.roberta, self.model.lm_head
        lengths = [len(text) for text in batch["prompts"]]
        longest, texts = max(lengths), len(lengths)
        starts = [sum(lengths[:b]) for b in range(texts)]
        unpack = torch.tensor([start + min(t, n - 1) for start, n in zip(starts, lengths) for t in range(longest)])
        pack = torch.tensor([b * longest + t for b, n in enumerate(lengths) for t in range(n)])
        scored = torch.tensor([start + at for start, at in zip(starts, batch["scored"])])
        visible = torch.tensor([[t < n for t in range(longest)] for n in lengths])[:, None, None, :]
        ids = torch.tensor([token for text in batch["prompts"] for token in text])
        positions = torch.tensor([2 + t for n in lengths for t in range(n)])
        table = encoder.embeddings
        x = table.LayerNorm(table.word_embeddings(ids) + table.position_embeddings(positions) + table.token_type_embeddings.weight[0])
        heads = self.model.config.num_attention_heads
        size = x.shape[1] // heads
        for i, layer in enumerate(encoder.encoder.layer):
            own = layer.attention.self
            q, k, v = (f(x)[unpack].reshape(texts, longest, heads, size).transpose(1, 2) for f in (own.query, own.key, own.value))
            if explicit:
                weights = torch.softmax((q @ k.transpose(2, 3)) * size**-0.5 + torch.where(visible, 0.0, -1e9), -1)
                mixed = weights @ v
            else:
                mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=visible)
            mixed = mixed.transpose(1, 2).reshape(texts * longest, -1)[pack]
            if i == len(encoder.encoder.layer) - 1:
                mixed, x = mixed[scored], x[scored]
            x = layer.attention.output.LayerNorm(x + layer.attention.output.dense(mixed))
            x = layer.output.LayerNorm(x + layer.output.dense(F.gelu(layer.intermediate.dense(x))))
        x = head.layer_norm(F.gelu(head.dense(x)))
        return F.cross_entropy(x @ head.decoder.weight[words].T + head.bias[words], torch.tensor(batch["labels"]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gguf")
    parser.add_argument("--roberta", type=int)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dtype", default="float32")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    dtype = getattr(torch, arguments.dtype)
    if arguments.gguf:
        folder, name = os.path.split(arguments.gguf)
        model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=dtype).eval()
    else:
        config = RobertaConfig(vocab_size=50265, hidden_size=1024, num_hidden_layers=arguments.roberta, num_attention_heads=16,
                               intermediate_size=4096, max_position_embeddings=514, type_vocab_size=1, layer_norm_eps=1e-5)
        model = RobertaForMaskedLM(config).eval()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    if arguments.gguf:
        for layer in model.model.layers:
            layer.mlp.gate_proj = Before(layer.mlp.gate_proj, 0.3, SMOLLM2)
            layer.mlp.up_proj = Before(layer.mlp.up_proj, 0.3, SMOLLM2)
            layer.mlp.down_proj = After(layer.mlp.down_proj, 0.3, SMOLLM2)
    else:
        for layer in model.roberta.encoder.layer:
            layer.attention.output.dense = After(layer.attention.output.dense, 1.0, ROBERTA_LARGE)
            layer.output.dense = After(layer.output.dense, 1.0, ROBERTA_LARGE)
    model.to(dtype)
    named = {name: p for name, p in model.named_parameters() if p.requires_grad}
    trainable = list(named.values())
    size = sum(p.numel() for p in trainable)
    packed = None if arguments.gguf else Packed(model)
    print(json.dumps({"ready": True, "trainable": size, "torch": torch.__version__}), flush=True)

    def noise(seed):
        generator = torch.Generator().manual_seed(seed)
        return [torch.randn(p.shape, generator=generator, dtype=torch.float32).to(p.dtype) for p in trainable]

    def perturb(seed, factor):
        generator = torch.Generator().manual_seed(seed)
        for p in trainable:
            p.data.add_(torch.randn(p.shape, generator=generator, dtype=torch.float32).to(p.dtype), alpha=factor)

    def option_loss(batch):
        sequences = [(prompt + option, len(option)) for prompt in batch["prompts"] for option in batch["options"]]
        longest = max(len(s) for s, _ in sequences)
        ids = torch.zeros(len(sequences), longest, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for i, (s, _) in enumerate(sequences):
            ids[i, longest - len(s) :] = torch.tensor(s)
            mask[i, longest - len(s) :] = 1
        logits = model(input_ids=ids, attention_mask=mask).logits
        scores = []
        for i, (s, n) in enumerate(sequences):
            log_probabilities = torch.log_softmax(logits[i, -n - 1 : -1].float(), -1)
            scores.append(log_probabilities.gather(1, torch.tensor(s[-n:]).unsqueeze(1)).mean())
        table = torch.stack(scores).reshape(len(batch["prompts"]), -1)
        return nn.functional.cross_entropy(table, torch.tensor(batch["labels"])).item()

    def mask_loss(batch):
        longest = max(len(s) for s in batch["prompts"])
        ids = torch.ones(len(batch["prompts"]), longest, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for i, s in enumerate(batch["prompts"]):
            ids[i, : len(s)] = torch.tensor(s)
            mask[i, : len(s)] = 1
        logits = model(input_ids=ids, attention_mask=mask).logits
        rows = logits[torch.arange(len(ids)), torch.tensor(batch["scored"])].float()
        return F.cross_entropy(rows[:, words_of(batch)], torch.tensor(batch["labels"])).item()

    def words_of(batch):
        return torch.tensor([option[0] for option in batch["options"]])

    def loss(batch):
        if arguments.gguf:
            return option_loss(batch)
        return packed(batch, words_of(batch), False).item() if batch["how"] == "savings" else mask_loss(batch)

    def derivatives(batch, seeds):
        at = {f"model.{name}": p.data for name, p in named.items()}
        stacked = {key: torch.stack(values) for key, values in zip(at, zip(*(noise(seed) for seed in seeds)))}
        function = lambda theta: functional_call(packed, theta, (batch, words_of(batch), True))
        return vmap(lambda z: jvp(function, (at,), (z,)))(stacked)

    with torch.no_grad():
        for line in sys.stdin:
            request = json.loads(line)
            started = time.perf_counter()
            epsilon, recorded = 1e-3, []
            seeds = [request["seed"] * 1000 + q for q in range(request["queries"])]
            if request["how"] == "derivatives":
                losses, slopes = derivatives(request, seeds)
                plus, recorded, seeds = losses[0].item(), list(zip(seeds, slopes.tolist())), []
            for seed in seeds:
                perturb(seed, epsilon)
                plus = loss(request)
                perturb(seed, -2 * epsilon)
                minus = loss(request)
                perturb(seed, epsilon)
                recorded.append((seed, (plus - minus) / (2 * epsilon)))
            for seed, projected in recorded:
                perturb(seed, -request["learningRate"] * projected / len(recorded))
            print(json.dumps({"seconds": time.perf_counter() - started, "loss": plus}), flush=True)


if __name__ == "__main__":
    main()
