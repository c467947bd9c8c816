"""How hard are the samples? Accuracy of frozen sentence embeddings on a labelled text file.

    python data/samples-check.py MODEL_FOLDER data/samples/questions.tsv [--against OTHER_FILE ...]

MODEL_FOLDER holds all-MiniLM-L6-v2 (config.json, model.safetensors, tokenizer.json). A data file has one row
`label<TAB or SPACE>text` per line; a first line that starts with `label` is skipped; of more than --rows rows a
seeded sample is used. Embedding: mean over the tokens of the last layer, scaled to length 1. Reported over the
seeds 0..4 as mean [least, greatest]:

  prototypes  8 rows per class give a normalised mean vector each; scores 20 * cosine; accuracy on all other rows
  probe N     logistic regression on N random rows (weight penalty |w|^2 / 20); accuracy on all other rows

--against lists the rows whose set of words nearly equals (Jaccard > 0.8) that of a row of another file.
Needs torch and transformers.
"""

import argparse
import random
import re

import torch
from torch.nn.functional import cross_entropy, normalize
from transformers import AutoTokenizer, BertModel

SEEDS = range(5)


def read_rows(path):
    with open(path, encoding="utf-8", errors="replace") as lines:
        rows = [line.strip().split(maxsplit=1) for line in lines if not line.startswith("label")]
    return [(int(row[0]), row[1]) for row in rows if len(row) == 2]


def words(text):
    return frozenset(re.findall(r"[a-z0-9]+", text.lower()))


@torch.no_grad()
def embed(folder, texts):
    """Unit vectors [texts, hidden]."""
    tokenizer, model = AutoTokenizer.from_pretrained(folder), BertModel.from_pretrained(folder).eval()
    parts = []
    for start in range(0, len(texts), 64):
        batch = tokenizer(texts[start : start + 64], padding=True, truncation=True, max_length=128, return_tensors="pt")
        mask = batch["attention_mask"][..., None]
        parts.append(normalize((model(**batch).last_hidden_state * mask).sum(1) / mask.sum(1), dim=1))
    return torch.cat(parts)


def prototypes(vectors, labels, shots=8):
    classes = int(labels.max()) + 1
    support = torch.cat([(labels == c).nonzero()[:shots, 0] for c in range(classes)])
    rest = torch.ones(len(labels), dtype=torch.bool)
    rest[support] = False
    means = torch.stack([vectors[support][labels[support] == c].mean(0) for c in range(classes)])
    scores = 20 * vectors[rest] @ normalize(means, dim=1).T
    return (scores.argmax(1) == labels[rest]).float().mean().item()


def probe(vectors, labels, count, penalty=1 / 20):
    classes = int(labels.max()) + 1
    weight = torch.zeros(vectors.shape[1], classes, requires_grad=True)
    bias = torch.zeros(classes, requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=300, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = cross_entropy(vectors[:count] @ weight + bias, labels[:count], reduction="sum")
        loss = loss + penalty * weight.pow(2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    hits = (vectors[count:] @ weight + bias).argmax(1) == labels[count:]
    return hits.float().mean().item()


def report(name, vectors, labels, accuracy):
    values = []
    for seed in SEEDS:
        order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
        values.append(accuracy(vectors[order], labels[order]))
    print(f"{name:11s} {sum(values) / len(values):.3f} [{min(values):.3f}, {max(values):.3f}]")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("--rows", type=int, default=720)
    parser.add_argument("--against", nargs="*", default=[])
    options = parser.parse_args()
    rows = read_rows(options.data)

    for path in options.against:
        others = {words(text) for _, text in read_rows(path)}
        near = [t for _, t in rows if any(len(words(t) & o) > 0.8 * len(words(t) | o) for o in others)]
        print(f"{path}: {len(near)} near matches", *near, sep="\n  ")

    if len(rows) > options.rows:
        rows = random.Random(0).sample(rows, options.rows)
    labels = torch.tensor([label for label, _ in rows])
    print(f"{len(rows)} rows, per class {labels.bincount().tolist()}")
    vectors = embed(options.model, [text for _, text in rows])
    report("prototypes", vectors, labels, prototypes)
    for count in (100, 200, 300, 400, 600):
        if count <= 0.85 * len(rows):
            report(f"probe {count}", vectors, labels, lambda x, y, n=count: probe(x, y, n))


main()
