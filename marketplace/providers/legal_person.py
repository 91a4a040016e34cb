"""China's unified social credit code, the number by which a legal person is known (GB 32100-2015).

Eighteen characters of an alphabet without I, O, S, V and Z; the last one checks the others, so that a slip of the
finger is caught before anybody looks for the paper.
"""

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = tuple(pow(3, place, 31) for place in range(17))  # §4.5: 3 to the power of the place, modulo 31


def check_character(first_17: str) -> str:
    """The eighteenth character for the first seventeen; ValueError when they are no such code's."""
    if len(first_17) != 17:
        raise ValueError("seventeen characters come before the check character")
    total = sum(weight * ALPHABET.index(letter) for weight, letter in zip(WEIGHTS, first_17, strict=True))
    return ALPHABET[-total % 31]


def is_valid(code: str) -> bool:
    """Is this a well-formed code whose check character fits?"""
    return len(code) == 18 and all(letter in ALPHABET for letter in code) and check_character(code[:17]) == code[17]
