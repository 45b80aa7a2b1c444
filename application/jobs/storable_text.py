"""Words of others that are to be stored."""


def storable(text: str, longest: int) -> str:
    """What every store can hold of it: at most so many characters, no NUL, no half of a surrogate pair."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()[:longest]
