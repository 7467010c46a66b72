"""Whether a retrained model takes the place of the current one."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aikind.train.comparison import Comparison, right, sign_test

__all__ = ["Decision", "decide", "fixed_answer"]

_LEVEL = 0.05
_SETTLED = 0.8  # where one answer fits so many new texts, there is little more to learn than that answer


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to promote, and a sentence for each condition, met or not."""

    promote: bool
    met: tuple[str, ...]
    unmet: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def fixed_answer(trained_on: NDArray[np.float64], held_out: NDArray[np.float64]) -> NDArray[np.float64]:
    """The commonest answer to each label in ``trained_on``, for every held-out text; both of shape (texts, labels)."""
    share = np.nanmean(np.concatenate([trained_on, np.full((1, trained_on.shape[1]), 0.0)]), axis=0)
    return np.broadcast_to((share > 0.5).astype(np.float64), held_out.shape)


def decide(
    new: Comparison,
    old: Comparison | None,
    held_out: NDArray[np.float64],
    said: NDArray[np.float64],
    fixed: NDArray[np.float64],
    may_lose: float,
) -> Decision:
    """Promote a model that is better on the held-out new labels, beyond luck, and not worse on gold.

    Better: than the current model, and than a fixed answer, each by a one-sided exact McNemar test at 5 %. The second
    is what labels without sense fail: of them, a model can learn no more than how common each is.

    Args:
        new, old: The current model (A) and the retrained one (B) on the new labels that were held out, and on gold.
        held_out, said: Gold and the retrained model's answers on the former, shape (texts, labels).
        fixed: As ``fixed_answer`` gives it.
        may_lose: By so much kind accuracy and each label's F1 may fall on gold.
    """
    met: list[str] = []
    unmet: list[str] = []

    def put(condition: bool, sentence: str) -> None:
        (met if condition else unmet).append(sentence)

    chance = sign_test(new.only_b_right, new.only_a_right)
    put(
        chance <= _LEVEL,
        f"on {new.documents} held-out new texts, right on {new.accuracy[1]:.1%} ({new.accuracy[0]:.1%} before): {new.only_b_right} are right "
        f"only now, {new.only_a_right} only before; luck alone does as well with a probability of {chance:.2g} (at most {_LEVEL:g} is asked)",
    )
    fixed_right, now_right = right(held_out, fixed), right(held_out, said)
    if fixed_right.mean() < _SETTLED:
        chance = sign_test(int((now_right & ~fixed_right).sum()), int((fixed_right & ~now_right).sum()))
        put(
            chance <= _LEVEL,
            f"the same answer for every held-out text is right on {fixed_right.mean():.1%} of them; that the model does better is luck with a "
            f"probability of {chance:.2g} (at most {_LEVEL:g} is asked; labels that do not go with their texts fail here)",
        )
    if old is None:
        unmet.append("there are no gold texts to measure on what would be lost; name some with --gold")
    else:
        losses = {"kind accuracy": -old.difference} | {f"F1 of {n}": f.f1[0] - f.f1[1] for n, f in old.labels.items()}
        worst = max(losses, key=lambda name: losses[name])
        lost = f"{losses[worst]:.1%} are lost in {worst}" if losses[worst] > 0 else "nothing is lost"
        put(losses[worst] <= may_lose + 1e-9, f"on {old.documents} gold texts, {lost} (at most {may_lose:.1%} may be lost)")
    return Decision(not unmet, tuple(met), tuple(unmet))
