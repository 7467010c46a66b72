"""make_stock.py MODEL FOLDER: the shipped network as an ordinary transformers model, for its text-classification pipeline.

The stock class puts its head on the first token and not on the mean; that weighs nothing beside the encoder.
"""

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
config.problem_type = "multi_label_classification"
stock = BertForSequenceClassification(config)
stock.bert.load_state_dict(network.encoder.state_dict(), strict=False)  # all but the pooler, which ours has not
stock.save_pretrained(target)
PreTrainedTokenizerFast(
    tokenizer_file=str(model / "tokenizer.json"), pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]", model_max_length=256
).save_pretrained(target)
