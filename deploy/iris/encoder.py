"""The encoder of all-MiniLM-L6-v2 in numpy: each piece of its vocabulary alone, as one vector of 384 components."""
import json
import struct

import numpy as np


def safetensors(path):
    """The tensors of a safetensors file, 32-bit floats alone."""
    with open(path, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(size))
        data = file.read()
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__" or entry["dtype"] != "F32":
            continue
        start, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(data[start:end], dtype="<f4").reshape(entry["shape"])
    return tensors


def erf(x):
    """The error function, within 1.5e-7 (Abramowitz and Stegun 7.1.26)."""
    size = np.abs(x)
    t = 1 / (1 + np.float32(0.3275911) * size)
    sum = t * (np.float32(0.254829592) + t * (np.float32(-0.284496736) + t * (np.float32(1.421413741)
               + t * (np.float32(-1.453152027) + t * np.float32(1.061405429)))))
    return np.sign(x) * (1 - sum * np.exp(-size * size))


class Encoder:
    """BERT with 6 layers, 12 heads, mean pooling."""

    LAYERS, HEADS = 6, 12
    CLS, SEP = 101, 102

    def __init__(self, path):
        self.tensors = safetensors(path)

    def linear(self, x, name):
        return x @ self.tensors[name + ".weight"].T + self.tensors[name + ".bias"]

    def norm(self, x, name):
        mean = x.mean(-1, keepdims=True)
        variance = ((x - mean) ** 2).mean(-1, keepdims=True)
        scaled = (x - mean) / np.sqrt(variance + np.float32(1e-12))
        return scaled * self.tensors[name + ".LayerNorm.weight"] + self.tensors[name + ".LayerNorm.bias"]

    def encode(self, ids):
        """Vectors of sequences of equal length: ids is an array (sequences, length), specials included."""
        count, length = ids.shape
        embeddings = "embeddings."
        x = (self.tensors[embeddings + "word_embeddings.weight"][ids]
             + self.tensors[embeddings + "position_embeddings.weight"][:length]
             + self.tensors[embeddings + "token_type_embeddings.weight"][0])
        x = self.norm(x, "embeddings")
        size = x.shape[-1] // self.HEADS

        def heads(y):
            return y.reshape(count, length, self.HEADS, size).transpose(0, 2, 1, 3)

        for layer in range(self.LAYERS):
            name = f"encoder.layer.{layer}."
            query, key, value = (heads(self.linear(x, f"{name}attention.self.{part}")) for part in ("query", "key", "value"))
            scores = query @ key.transpose(0, 1, 3, 2) / np.float32(size ** 0.5)
            scores = np.exp(scores - scores.max(-1, keepdims=True))
            scores /= scores.sum(-1, keepdims=True)
            heard = (scores @ value).transpose(0, 2, 1, 3).reshape(count, length, -1)
            x = self.norm(x + self.linear(heard, name + "attention.output.dense"), name + "attention.output")
            inner = self.linear(x, name + "intermediate.dense")
            inner = inner * np.float32(0.5) * (1 + erf(inner * np.float32(0.5 ** 0.5)))
            x = self.norm(x + self.linear(inner, name + "output.dense"), name + "output")
        return x.mean(1)

    def alone(self, tokens, batch=256):
        """The vector of each piece alone, as [CLS] piece [SEP]."""
        vectors = []
        for start in range(0, len(tokens), batch):
            part = np.array([[self.CLS, token, self.SEP] for token in tokens[start:start + batch]])
            vectors.append(self.encode(part))
        return np.concatenate(vectors)
