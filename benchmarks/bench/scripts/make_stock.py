"""make_stock.py MODEL FOLDER: the shipped network as an ordinary transformers model, for its text-classification pipeline.

The stock class puts its head on the first token and not on the mean; that weighs nothing beside the encoder.
"""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from aikind.train.network import load_network
from aikind.train.unpack import unpack_model

model, target = Path(sys.argv[1]), Path(sys.argv[2])
with TemporaryDirectory() as folder:
    unpack_model(model, Path(folder) / "network")
    network, _ = load_network(Path(folder) / "network")
config = BertConfig.from_dict({**network.encoder.config.to_dict(), "num_labels": network.head.out_features})
config.type_vocab_size = 2  # what optimum makes up to export with has two kinds of segment
config.problem_type = "multi_label_classification"
stock = BertForSequenceClassification(config)
weights = dict(network.encoder.state_dict())
weights["embeddings.token_type_embeddings.weight"] = weights["embeddings.token_type_embeddings.weight"].repeat(2, 1)
stock.bert.load_state_dict(weights, strict=False)  # all but the pooler, which ours has not
stock.save_pretrained(target)
PreTrainedTokenizerFast(
    tokenizer_file=str(model / "tokenizer.json"), pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]", model_max_length=256
).save_pretrained(target)
told = target / "tokenizer_config.json"  # under the name that older versions know too
told.write_text(json.dumps({**json.loads(told.read_text()), "tokenizer_class": "PreTrainedTokenizerFast"}))
