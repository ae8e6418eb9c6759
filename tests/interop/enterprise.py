# SPDX-License-Identifier: Apache-2.0
"""Enterprises that do not exist, but for their codes."""
SYMBOLS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def code(number, check=True, place="411282"):
    """The unified social credit code of enterprise @number; with a wrong check digit unless @check."""
    text = f"91{place}MA{number:07d}"
    total = sum(SYMBOLS.index(c) * pow(3, i, 31) for i, c in enumerate(text))
    digit = (31 - total % 31) % 31
    return text + SYMBOLS[digit if check else (digit + 1) % 31]
