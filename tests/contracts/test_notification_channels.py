"""Assembled and recording channels under one contract."""

import pytest

from application.ports.notification_channel import NotificationChannel
from domain.notifications.channel import Channel
from infrastructure.channels.console import ConsoleProvider
from infrastructure.channels.provider_chain import ProviderChain
from infrastructure.memory.recording_channel import RecordingChannel
from tests.contracts.notification_channel_contract import NotificationChannelContract


class TestProviderChain(NotificationChannelContract):
    @pytest.fixture
    def channel(self) -> NotificationChannel:
        return ProviderChain(Channel.EMAIL, [ConsoleProvider("first"), ConsoleProvider("second")])

    @pytest.fixture
    def empty(self) -> NotificationChannel:
        return ProviderChain(Channel.PUSH, [])


class TestRecordingChannel(NotificationChannelContract):
    @pytest.fixture
    def channel(self) -> NotificationChannel:
        return RecordingChannel(Channel.EMAIL, providers={"first": [], "second": []})

    @pytest.fixture
    def empty(self) -> NotificationChannel:
        return RecordingChannel(Channel.PUSH, providers={})
