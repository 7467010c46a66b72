"""The files of a model's repository on the Hugging Face hub: for transformers, for onnxruntime, and for aikind."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalTokenNotFoundError
from tokenizers import Tokenizer

from aikind.errors import ModelError
from aikind.hub import ONNX
from aikind.model_folder import CARD, MANIFEST, TOKENIZER, Manifest
from aikind.train.unpack import unpack_model

__all__ = ["upload", "write_layout"]


def write_layout(model: Path, target: Path, repo_id: str) -> None:
    """Write the repository of a model folder to ``target``.

    config.json, model.safetensors, tokenizer files   the encoder, which transformers' AutoModel loads
    head.safetensors, about.json                      the labels' linear head, and what it was trained on
    onnx/                                             the model folder as it is
    README.md                                         the model card, with metadata

    Raises:
        ModelError: ``target`` is not empty, or the model is none that can be unpacked.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ModelError(f"{target}: is not an empty folder; give another")
    manifest = unpack_model(model, target)
    # What the loader of transformers cannot tell from tokenizer.json alone.
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}
    known = Tokenizer.from_file(str(model / TOKENIZER)).get_vocab()
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": manifest.window_tokens,
        **{name: token for name, token in special.items() if token in known},
    }
    (target / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    (target / ONNX).mkdir()
    for name in (*manifest.files, MANIFEST):
        shutil.copyfile(model / name, target / ONNX / name)
    (target / CARD).write_text(_card(model, manifest, repo_id), encoding="utf-8")


def upload(model: Path, repo_id: str, private: bool) -> str:
    """Upload the repository of a model folder in one commit; returns its address.

    Raises:
        ModelError: The hub refuses, or the model is none that can be unpacked.
    """
    api = HfApi()
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "repository"
        write_layout(model, folder, repo_id)
        try:
            address = api.create_repo(repo_id, private=private, exist_ok=True)
            api.upload_folder(repo_id=repo_id, folder_path=folder, commit_message="Upload an aikind model")
        except (OSError, HfHubHTTPError, HFValidationError, LocalTokenNotFoundError) as error:
            raise ModelError(f"{repo_id}: cannot be uploaded: {str(error).splitlines()[0]}. Log in with: hf auth login") from error
    return str(address)


def _card(model: Path, manifest: Manifest, repo_id: str) -> str:
    metadata = {
        "language": ["en"],
        "license": "apache-2.0",
        "pipeline_tag": "text-classification",
        "library_name": "transformers",
        "tags": ["aikind", "onnx", *manifest.label_set.names],
        "base_model": f"sentence-transformers/{manifest.about['base_model']}"
        if manifest.about.get("base_model") == "all-MiniLM-L6-v2"
        else None,
    }
    head = yaml.safe_dump({key: value for key, value in metadata.items() if value}, sort_keys=False)
    use = f"""## How to use it

```sh
pip install 'aikind[hub]'
aikind tag articles/ --model {repo_id}
```

`AutoModel.from_pretrained("{repo_id}")` gives the encoder, whose mean last hidden state the linear head in `head.safetensors`
turns into one logit per label. `{ONNX}/` is the same network in int8, with its calibration in `{MANIFEST}`.
"""
    card = (model / CARD).read_text(encoding="utf-8") if (model / CARD).exists() else f"# aikind model `{manifest.name}`\n"
    return f"---\n{head}---\n\n{card.rstrip()}\n\n{use}"
