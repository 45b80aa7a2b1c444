"""Topics and who is in them."""

import pytest

from container import Container
from domain.topics.topic import TopicNotFound
from tests.unit.application.asking import BACKEND, make_topic, reached, request, send, subscriber, topic, under_key
from tests.unit.application.due_jobs import run_due_jobs


async def test_unknown_subscribers_are_created_when_added(container: Container) -> None:
    await send(container, request("ann"))
    known = await subscriber(container, "ann")
    await container.put_topic()(BACKEND, "news", "News")
    added = (await container.add_topic_subscribers()(BACKEND, "news", ["ann", "bob", "bob"])).view
    assert (added.changed, added.unchanged) == (2, 0)
    assert (await subscriber(container, "bob")).email is None
    assert await subscriber(container, "ann") == known


async def test_members_are_counted_as_unchanged_when_added_again(container: Container) -> None:
    await make_topic(container, "news", ["ann"])
    added = (await container.add_topic_subscribers()(BACKEND, "news", ["ann", "bob"])).view
    assert (added.changed, added.unchanged) == (1, 1)
    assert (await container.get_topic()(BACKEND, "news")).subscribers == 2


async def test_first_answer_is_given_again_when_adding_is_repeated_under_a_key(container: Container) -> None:
    await make_topic(container, "news", [])
    add = container.add_topic_subscribers()
    first = await add(BACKEND, "news", ["ann"], under_key("k"))
    again = await add(BACKEND, "news", ["ann"], under_key("k"))
    assert (first.replayed, again.replayed, again.view) == (False, True, first.view)


async def test_removed_is_not_reached_when_the_topic_is_notified(container: Container) -> None:
    await make_topic(container, "news", ["ann", "bob"])
    await container.remove_topic_subscribers()(BACKEND, "news", ["ann", "nobody"])
    sent = await send(container, request(topic("news")))
    await run_due_jobs(container)
    assert await reached(container, sent.id) == ["bob"]
    assert (await subscriber(container, "ann")).subscriber_id == "ann"


async def test_subscribers_stay_when_their_topic_is_deleted(container: Container) -> None:
    await make_topic(container, "news", ["ann"])
    await container.delete_topic()(BACKEND, "news")
    assert (await subscriber(container, "ann")).subscriber_id == "ann"
    with pytest.raises(TopicNotFound):
        await container.get_topic()(BACKEND, "news")


async def test_topic_is_empty_when_it_is_made_again_after_it_was_deleted(container: Container) -> None:
    await make_topic(container, "news", ["ann"])
    await container.delete_topic()(BACKEND, "news")
    view, created = await container.put_topic()(BACKEND, "news", None)
    assert (view.subscribers, created) == (0, True)


async def test_members_stay_when_a_topic_is_renamed(container: Container) -> None:
    await make_topic(container, "news", ["ann"])
    view, created = await container.put_topic()(BACKEND, "news", "The news")
    assert (view.name, view.subscribers, created) == ("The news", 1, False)


async def test_topic_is_not_found_when_it_is_unknown(container: Container) -> None:
    for attempt in (
        container.add_topic_subscribers()(BACKEND, "none", ["ann"]),
        container.remove_topic_subscribers()(BACKEND, "none", ["ann"]),
        container.delete_topic()(BACKEND, "none"),
    ):
        with pytest.raises(TopicNotFound):
            await attempt
    assert await container.subscriber_reader().get("default", "ann") is None
