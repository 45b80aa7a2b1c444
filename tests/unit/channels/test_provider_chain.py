import pytest

from domain.notifications.channel import Channel
from infrastructure.channels.console import ConsoleProvider
from infrastructure.channels.provider_chain import ProviderChain


def test_providers_keep_their_order() -> None:
    first, second = ConsoleProvider("a"), ConsoleProvider("b")
    chain = ProviderChain(Channel.SMS, [first, second])
    assert chain.kind is Channel.SMS
    assert list(chain.providers) == [first, second]


def test_a_channel_may_have_no_provider() -> None:
    assert not ProviderChain(Channel.PUSH, []).providers


def test_two_providers_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="share a name"):
        ProviderChain(Channel.SMS, [ConsoleProvider("a"), ConsoleProvider("a")])
