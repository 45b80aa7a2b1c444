"""What differs between two definitions."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.workflows.diff import ChangeKind, FieldChange, StepChange, StepMove, StepPlace, difference

Json = dict[str, Any]  # Any: JSON


def sms(key: str, body: str = "x", **more: Any) -> Json:
    return {"key": key, "type": "sms", "template": {"body": body}, **more}


def definition(*steps: Json, **fields: Any) -> Json:
    return {"name": "x", "steps": list(steps), **fields}


def test_nothing_differs_when_defaults_are_spelled_out() -> None:
    found = difference(definition(sms("a")), definition(sms("a"), tags=[], layout=None, preferences={"enabled": True}))
    assert found.same


def test_fields_at_the_top_have_their_paths_when_they_change() -> None:
    before = definition(
        sms("a"), severity="low", preferences={"channels": {"sms": False}}, translations={"de": {"a": "b"}}
    )
    after = definition(sms("a"), critical=True, preferences={"channels": {"sms": True, "email": False}})
    found = difference(before, after)

    assert not found.same
    assert found.fields == (
        FieldChange(path="severity", kind=ChangeKind.CHANGED, before="low", after="none"),
        FieldChange(path="critical", kind=ChangeKind.CHANGED, before=False, after=True),
        FieldChange(path="preferences.channels.sms", kind=ChangeKind.CHANGED, before=False, after=True),
        FieldChange(path="preferences.channels.email", kind=ChangeKind.ADDED, after=False),
        FieldChange(path="translations.de", kind=ChangeKind.REMOVED, before={"a": "b"}),
    )


def test_steps_are_told_apart_by_their_keys_when_they_come_and_go() -> None:
    found = difference(
        definition(sms("a"), sms("b"), sms("c")), definition(sms("n"), sms("a"), sms("c", "y", skip=True))
    )

    assert found.added == (StepPlace(key="n", index=0),)
    assert found.removed == (StepPlace(key="b", index=1),)
    assert found.moved == ()
    assert found.changed == (
        StepChange(
            key="c",
            fields=(
                FieldChange(path="template.body", kind=ChangeKind.CHANGED, before="x", after="y"),
                FieldChange(path="skip", kind=ChangeKind.ADDED, after=True),
            ),
        ),
    )


def test_only_the_step_that_was_moved_is_told_when_the_others_make_room() -> None:
    steps = [sms(key) for key in "abcd"]
    found = difference(definition(*steps), definition(steps[3], *steps[:3]))
    assert found.moved == (StepMove(key="d", before=3, after=0),)
    assert (found.changed, found.added, found.removed) == ((), (), ())


def test_a_true_is_no_one_when_they_are_compared() -> None:
    found = difference(definition(sms("a", skip=True)), definition(sms("a", skip=1)))
    assert [field.path for change in found.changed for field in change.fields] == ["skip"]


@given(st.permutations(list("abcdefgh")), st.permutations(list("abcdefgh")))
def test_the_other_steps_keep_their_order_when_some_are_moved(before: list[str], after: list[str]) -> None:
    found = difference(definition(*map(sms, before)), definition(*map(sms, after)))
    moved = {move.key for move in found.moved}
    assert [key for key in before if key not in moved] == [key for key in after if key not in moved]
    assert bool(moved) is (before != after)
    assert all((before[move.before], after[move.after]) == (move.key, move.key) for move in found.moved)


@given(st.lists(st.sampled_from("abcdef"), unique=True), st.lists(st.sampled_from("abcdef"), unique=True))
def test_every_step_is_on_one_side_or_both_when_definitions_differ(before: list[str], after: list[str]) -> None:
    found = difference(definition(*map(sms, before)), definition(*map(sms, after)))
    assert {place.key for place in found.added} == set(after) - set(before)
    assert {place.key for place in found.removed} == set(before) - set(after)
    assert found.same is (before == after)
