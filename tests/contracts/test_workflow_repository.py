"""WorkflowRepository, WorkflowReader and WorkflowVersions, over every store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from application.ports.workflow_repository import WorkflowRepository
from application.workflows.ports import WorkflowFilter
from application.workflows.views import VersionSummary, version_summary, workflow_summary
from domain.workflows.versions import WorkflowVersion
from domain.workflows.workflow import Workflow
from tests.contracts.samples import TENANT, Samples
from tests.contracts.stores import Store


@asynccontextmanager
async def workflows(store: Store) -> AsyncIterator[WorkflowRepository]:
    async with store.unit_of_work() as uow:
        yield uow.workflows
        await uow.commit()


async def found(store: Store, **wanted: Any) -> list[str]:  # Any: fields of the filter
    return [one.key for one in await store.workflows.page(TENANT, WorkflowFilter(**wanted), before=None, limit=10)]


async def publish(store: Store, workflow: Workflow, name: str) -> tuple[Workflow, WorkflowVersion]:
    """Another draft of it, published under the next number."""
    async with workflows(store) as repository:
        number = await repository.last_number(TENANT, workflow.key) + 1
        drafted = workflow.drafted({**workflow.draft, "name": name}, store.now())
        after, version = drafted.publish(number=number, at=store.now(), by="user:ann", note=None)
        await repository.add_version(version)
        await repository.save(after)
    return after, version


async def test_it_comes_back_as_it_was_when_added(store: Store, make: Samples) -> None:
    workflow = make.workflow("w")
    async with workflows(store) as repository:
        assert await repository.add(workflow)
        assert await repository.get(TENANT, "w") == workflow
        assert await repository.get(TENANT, "v") is None

    assert await store.workflows.get(TENANT, "w") == workflow
    assert await store.workflows.get(TENANT, "v") is None


async def test_the_first_one_stays_when_the_key_is_taken(store: Store, make: Samples) -> None:
    first = await make.add_workflow("w")
    async with workflows(store) as repository:
        assert not await repository.add(make.workflow("w"))
        assert await repository.get(TENANT, "w") == first


async def test_everything_but_key_and_creation_changes_when_saved(store: Store, make: Samples) -> None:
    workflow = await make.add_workflow("w")
    later = workflow.created_at + timedelta(minutes=1)
    after = workflow.drafted({**workflow.draft, "name": "Other"}, later).switched(False, later)
    async with workflows(store) as repository:
        await repository.save(replace(after, key="other", created_at=later))
        await repository.save(make.workflow("unknown"))

    assert await store.workflows.get(TENANT, "w") == after
    assert await store.workflows.get(TENANT, "unknown") is None
    assert await store.workflows.get(TENANT, "other") is None


async def test_its_versions_stay_when_it_is_published_again(store: Store, make: Samples) -> None:
    workflow = await make.add_workflow("w")
    workflow, first = await publish(store, workflow, "First")
    workflow, second = await publish(store, workflow, "Second")

    async with workflows(store) as repository:
        assert await repository.version(TENANT, "w", 1) == first
        assert await repository.version(TENANT, "w", 3) is None
        assert await repository.last_number(TENANT, "w") == 2
        assert await repository.last_number(TENANT, "v") == 0
    assert await store.workflow_versions.of(TENANT, "w", 1) == first
    assert await store.workflow_versions.of(TENANT, "w", 3) is None
    assert await store.workflows.version(TENANT, workflow.id, 2) == second
    assert await store.workflows.version(TENANT, make.ids.new(), 2) is None
    published = await store.workflow_versions.published(TENANT, "w")
    assert published is not None
    assert (published.active, published.version) == (True, second)
    assert published.version.definition().name == "Second"


async def test_nothing_is_sent_when_it_is_off_or_not_published(store: Store, make: Samples) -> None:
    workflow = await make.add_workflow("w")
    assert await store.workflow_versions.published(TENANT, "w") is None

    workflow, _ = await publish(store, workflow, "First")
    async with workflows(store) as repository:
        await repository.save(workflow.switched(False, store.now()))
    published = await store.workflow_versions.published(TENANT, "w")
    assert published is not None
    assert not published.active


async def test_a_number_is_given_once_when_two_write_it(store: Store, make: Samples) -> None:
    workflow = await make.add_workflow("w")
    _, first = await publish(store, workflow, "First")
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever the store says of it
        async with workflows(store) as repository:
            await repository.add_version(replace(first, note="another"))
    assert await store.workflow_versions.of(TENANT, "w", 1) == first


async def test_versions_come_newest_first_in_pages_when_listed(store: Store, make: Samples) -> None:
    workflow = await make.add_workflow("w")
    versions: list[VersionSummary] = []
    for name in ("First", "Second", "Third"):
        workflow, version = await publish(store, workflow, name)
        versions.insert(0, version_summary(version))

    assert list(await store.workflows.versions(TENANT, workflow.id, before=None, limit=2)) == versions[:2]
    assert list(await store.workflows.versions(TENANT, workflow.id, before=2, limit=2)) == versions[2:]


async def test_its_key_is_free_and_its_versions_stay_when_it_is_deleted(store: Store, make: Samples) -> None:
    workflow, version = await publish(store, await make.add_workflow("w"), "First")
    async with workflows(store) as repository:
        await repository.save(workflow.deleted(store.now()))
        assert await repository.get(TENANT, "w") is None

    assert await store.workflows.get(TENANT, "w") is None
    assert await found(store) == []
    assert await store.workflow_versions.published(TENANT, "w") is None
    assert await store.workflow_versions.of(TENANT, "w", 1) == version

    again, anew = await publish(store, await make.add_workflow("w"), "Anew")
    assert anew.number == 2
    assert await store.workflow_versions.of(TENANT, "w", 1) == version
    assert list(await store.workflows.versions(TENANT, again.id, before=None, limit=9)) == [version_summary(anew)]
    assert await store.workflows.version(TENANT, again.id, 1) is None


async def test_lists_are_newest_first_without_drafts_when_paged(store: Store, make: Samples) -> None:
    first = await make.add_workflow("a", draft={"tags": ["x"], "severity": "high"})
    second = await make.add_workflow("b", publish=True)
    page = await store.workflows.page(TENANT, WorkflowFilter(), before=None, limit=10)

    assert list(page) == [workflow_summary(second), workflow_summary(first)]
    assert page[1].about == {
        "name": "Shipped",
        "description": "",
        "tags": ["x"],
        "severity": "high",
        "critical": False,
        "steps": [{"key": "inbox", "type": "in_app"}],
    }
    assert list(await store.workflows.page(TENANT, WorkflowFilter(), before=second.id, limit=10)) == [page[1]]
    assert list(await store.workflows.page(TENANT, WorkflowFilter(), before=None, limit=1)) == [page[0]]


async def test_only_what_fits_is_listed_when_filtered(store: Store, make: Samples) -> None:
    await make.add_workflow("order-a", draft={"tags": ["orders", "a b"]})
    await make.add_workflow("order-b", draft={"tags": ["Orders", 'q"t', "%"]}, active=False)
    await make.add_workflow("x-order", draft={"tags": ["orders-late"]})

    assert await found(store, tags=("orders",)) == ["order-a"]
    assert await found(store, tags=("Orders", "a b")) == ["order-b", "order-a"]
    assert await found(store, tags=("order", "%b", "a", ",", '"')) == []
    assert await found(store, tags=('q"t',)) == ["order-b"]
    assert await found(store, tags=("%",)) == ["order-b"]
    assert await found(store, search="order-") == ["order-b", "order-a"]
    assert await found(store, search="order_") == []
    assert await found(store, search="%") == []
    assert await found(store, active=True) == ["x-order", "order-a"]
    assert await found(store, active=False, search="order-", tags=("%",)) == ["order-b"]
