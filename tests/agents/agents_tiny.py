"""A model of a few thousand parameters with a tokenizer of characters, in an ordinary folder."""

from __future__ import annotations

import string
from pathlib import Path

TEMPLATE = (
    "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def write_tiny_model(folder: Path, *, template: str | None = TEMPLATE, context: int = 512) -> Path:
    """Random weights (seeded), Llama's shape."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    special = ["<pad>", "</s>", "<unk>"]
    vocabulary = {text: i for i, text in enumerate([*special, *string.printable])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.decoder = decoders.Fuse()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="</s>", unk_token="<unk>", chat_template=template
    )
    config = LlamaConfig(
        vocab_size=len(vocabulary) + 5,  # an embedding wider than the tokenizer, as many have
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=context,
        eos_token_id=1,
        bos_token_id=None,
        pad_token_id=None,
    )
    before = torch.get_rng_state()
    torch.manual_seed(7)
    model = LlamaForCausalLM(config)
    torch.set_rng_state(before)
    model.generation_config.temperature = 0.3  # a setting of its own, which must not be used
    model.generation_config.do_sample = True
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder
