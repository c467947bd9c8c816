"""One AdaZeta step in PyTorch fp32, organised as the paper's reference code organises it.

Source of the organisation: yifanycc/AdaZeta 3659ba3 (its facts, in our own words): one sequence per option, padded to the batch's
longest, language-model head on every position, theta perturbed in place by +eps, -2 eps, +eps from a reseeded generator,
queries one after another. Reads requests (one JSON per line) from standard input, answers {"seconds": ..., "loss": ...}.

Its own environment: pip install torch==2.13.0 transformers gguf accelerate
Usage: python reference.py --gguf FILE --threads 2 [--dtype float32|bfloat16]
"""
import argparse
import json
import os
import sys
import time

import torch
from torch import nn
from transformers import AutoModelForCausalLM


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


class Adapter(nn.Module):
    def __init__(self, scale):
        super().__init__()
        self.down = TensorTrainLinear([8, 8, 9, 4, 4, 4], 3, 5)
        self.up = TensorTrainLinear([4, 4, 4, 8, 8, 9], 3, 5)
        self.scale = scale

    def forward(self, x):
        return x + self.scale * self.up(torch.relu(self.down(x)))


class Before(nn.Module):
    def __init__(self, linear, scale):
        super().__init__()
        self.linear, self.adapter = linear, Adapter(scale)

    def forward(self, x):
        return self.linear(self.adapter(x))


class After(Before):
    def forward(self, x):
        return self.adapter(self.linear(x))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gguf", required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dtype", default="float32")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    folder, name = os.path.split(arguments.gguf)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=getattr(torch, arguments.dtype)).eval()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    for layer in model.model.layers:
        layer.mlp.gate_proj = Before(layer.mlp.gate_proj, 0.3)
        layer.mlp.up_proj = Before(layer.mlp.up_proj, 0.3)
        layer.mlp.down_proj = After(layer.mlp.down_proj, 0.3)
    model.to(getattr(torch, arguments.dtype))
    trainable = [p for p in model.parameters() if p.requires_grad]
    size = sum(p.numel() for p in trainable)
    print(json.dumps({"ready": True, "trainable": size, "torch": torch.__version__}), flush=True)

    def perturb(seed, factor):
        generator = torch.Generator().manual_seed(seed)
        for p in trainable:
            p.data.add_(torch.randn(p.shape, generator=generator, dtype=torch.float32).to(p.dtype), alpha=factor)

    def loss(batch):
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

    with torch.no_grad():
        for line in sys.stdin:
            request = json.loads(line)
            started = time.perf_counter()
            epsilon, recorded = 1e-3, []
            for q in range(request["queries"]):
                seed = request["seed"] * 1000 + q
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
