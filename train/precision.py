"""Whether to compute in bf16, in which an encoder is faster where the hardware has it."""

from __future__ import annotations

import torch

__all__ = ["use_bf16"]


def use_bf16(precision: str, device: torch.device) -> bool:
    """What a precision of ``auto`` (bf16 where ``device`` computes in it natively), ``bf16`` or ``fp32`` means there.

    A CPU without the instructions can emulate bf16, but slowly, and so can an old GPU.
    """
    if precision != "auto":
        return precision == "bf16"
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and bool(torch.cpu.get_capabilities().get("avx512_bf16", False))
