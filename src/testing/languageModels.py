"""Language models of a few hundred kilobytes with random weights, each behind llama.cpp's own OpenAI-compatible server.

Arguments: a folder for their files, the key that the servers ask for, then a name and so a server for each model.
Prints {"NAME": "http://127.0.0.1:PORT", ...} on one line when all of them answer, and runs until its standard input ends.
"""

import json
import sys
from pathlib import Path

import numpy as np
import xllamacpp
from gguf import GGUFWriter, TokenType

WIDTH = 64
HEADS = 4
CONTEXT = 512
WORDS = "the a cat dog sat ran on under mat hill and then it was red blue big small old new fast slow".split()
CHAT = "{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}assistant:"


def write_model(path: Path, seed: int) -> None:
    """Writes a Llama of one layer. The output rows of bytes are zero, so that words are likelier than broken UTF-8."""
    byte_tokens = [f"<0x{byte:02X}>" for byte in range(256)]
    tokens = ["<unk>", "<s>", "</s>", *byte_tokens, *(f"\u2581{word}" for word in WORDS)]
    types = [TokenType.UNKNOWN, TokenType.CONTROL, TokenType.CONTROL]
    types += [TokenType.BYTE] * len(byte_tokens) + [TokenType.NORMAL] * len(WORDS)
    writer = GGUFWriter(str(path), "llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(WIDTH)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([-float(index) for index in range(len(tokens))])
    writer.add_token_types(types)
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template(CHAT)
    random = np.random.default_rng(seed)

    def weights(*shape: int) -> np.ndarray:
        return random.normal(0, 0.3, shape).astype(np.float32)

    output = weights(len(tokens), WIDTH)
    output[: len(tokens) - len(WORDS)] = 0
    writer.add_tensor("token_embd.weight", weights(len(tokens), WIDTH))
    writer.add_tensor("output.weight", output)
    for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        writer.add_tensor(f"{name}.weight", np.ones(WIDTH, np.float32))
    for name in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"):
        writer.add_tensor(f"blk.0.{name}.weight", weights(WIDTH, WIDTH))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def serve(path: Path, name: str, key: str) -> xllamacpp.Server:
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.model_alias = {name}
    params.api_keys = [key]
    params.n_ctx = CONTEXT
    params.n_parallel = 1
    params.cpuparams.n_threads = 1
    params.warmup = False
    return xllamacpp.Server(params)


def main() -> None:
    folder, key, *names = sys.argv[1:]
    servers = {}
    for seed, name in enumerate(names):
        path = Path(folder) / f"{name}.gguf"
        write_model(path, seed)
        servers[name] = serve(path, name, key)
    print(json.dumps({name: server.listening_address for name, server in servers.items()}), flush=True)
    sys.stdin.read()


main()
