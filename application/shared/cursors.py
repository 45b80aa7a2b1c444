"""What can be wrong with the position in a list that a caller sends back."""

from domain.shared.errors import InvalidInput


class InvalidCursor(InvalidInput):
    """Cursor is not valid"""

    code = "request.invalid_cursor"
