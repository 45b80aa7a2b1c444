"""What can be wrong with a stream."""

from domain.shared.errors import TooMany


class TooManyStreams(TooMany):
    """Too many open streams"""

    code = "realtime.too_many_streams"
