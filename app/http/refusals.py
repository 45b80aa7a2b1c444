"""What can be wrong with a request before anyone has looked at what it asks for."""

from domain.shared.errors import CarillonError, InvalidInput


class MalformedRequest(InvalidInput):
    """Request cannot be read"""

    code = "request.malformed"


class UnknownParameter(InvalidInput):
    """Query parameter is not known"""

    code = "request.unknown_parameter"


class MethodNotAllowed(CarillonError):
    """Method is not allowed here"""

    code = "request.method_not_allowed"


class NotAcceptable(CarillonError):
    """No acceptable form of the answer"""

    code = "request.not_acceptable"


class BodyTooSlow(CarillonError):
    """Request took too long to arrive"""

    code = "request.too_slow"


class BodyTooLarge(CarillonError):
    """Request is too large"""

    code = "request.too_large"


class AddressTooLong(CarillonError):
    """Address is too long"""

    code = "request.address_too_long"


class UnsupportedMediaType(CarillonError):
    """Body is of an unsupported kind"""

    code = "request.unsupported_media_type"


class HeadersTooLarge(CarillonError):
    """Headers are too large"""

    code = "request.headers_too_large"


class ClientGone(MalformedRequest):
    """Client left before its request was complete"""
