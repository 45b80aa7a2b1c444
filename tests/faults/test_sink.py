"""The world outside itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiosmtplib
import httpx
import pytest

from tests.faults.sink import Answer, Sink

ID = "01a1f89d-11da-70c1-8e37-c0000ba2026e"
MAIL = f"Message-ID: <{ID}@example.com>\r\nSubject: x\r\n\r\nHello\r\n"


@asynccontextmanager
async def listening(folder: Path, answer: Answer = Answer()) -> AsyncIterator[Sink]:  # noqa: B008 - frozen
    async with Sink(folder / "effects.jsonl") as sink:
        sink.answer = lambda _request: answer
        yield sink


async def post(sink: Sink) -> int:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.post(sink.url, headers={"webhook-id": ID}, content=b"{}")).status_code


async def mail(sink: Sink) -> None:
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=sink.smtp_port, start_tls=False, local_hostname="me.test")
    async with client:
        await client.sendmail("a@example.com", ["b@example.com"], MAIL)


async def test_mails_and_webhooks_are_recorded_by_their_delivery_when_they_come(tmp_path: Path) -> None:
    async with listening(tmp_path) as sink:
        assert await post(sink) == 200
        await mail(sink)
        effects = sink.effects()
    assert [(effect.id, effect.channel) for effect in effects] == [(ID, "webhook"), (ID, "email")]
    assert effects[0].at <= effects[1].at


async def test_nothing_is_done_when_it_refuses(tmp_path: Path) -> None:
    async with listening(tmp_path, Answer(acts=False)) as sink:
        assert await post(sink) == 503
        with pytest.raises(aiosmtplib.SMTPDataError) as refusal:
            await mail(sink)
        assert refusal.value.code == 451
        assert (sink.effects(), sink.asked) == ([], 2)


async def test_it_has_acted_and_nobody_knows_when_it_hangs_up(tmp_path: Path) -> None:
    async with listening(tmp_path, Answer(hangs_up=True)) as sink:
        with pytest.raises(httpx.TransportError):
            await post(sink)
        with pytest.raises(aiosmtplib.SMTPServerDisconnected):
            await mail(sink)
        assert len(sink.effects()) == 2


async def test_effects_are_still_known_when_another_sink_takes_over(tmp_path: Path) -> None:
    async with listening(tmp_path) as first:
        await post(first)
    async with listening(tmp_path) as second:
        await post(second)
        assert len(second.effects()) == 2
