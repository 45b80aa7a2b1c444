import json

import pytest

from infrastructure.observability.rendering import console_renderer, render_json

HEAD = {"timestamp": "2026-01-02T03:04:05.678Z", "level": "info", "logger": "carillon", "event": "job.started"}
FORGED = "x\n2026-01-02T03:04:05.678Z [info     ] user.promoted actor=user:evil"
ESCAPES = "\x1b[2J\x1b]0;owned\x07 \x9b31m \r\b\x00 \u2028 \u202e"


def console(**fields: object) -> str:
    return console_renderer(colours=False)({**HEAD, **fields})


def test_shows_head_and_fields_in_order_when_rendered_for_people() -> None:
    line = console(job_id="j1", attempt=2)
    assert line.split() == [
        "2026-01-02T03:04:05.678Z",
        "[info",
        "]",
        "job.started",
        "[carillon]",
        "job_id=j1",
        "attempt=2",
    ]


@pytest.mark.parametrize("place", ["event", "detail", "logger"])
@pytest.mark.parametrize("hostile", [FORGED, ESCAPES, ESCAPES.replace(" ", "").strip()])
def test_stays_one_line_of_printable_text_when_values_are_hostile(place: str, hostile: str) -> None:
    line = console(**{place: hostile})
    assert line.isprintable()


def test_stays_printable_when_names_and_nested_values_are_hostile() -> None:
    assert console(**{FORGED: 1}, nested={"a": [FORGED, {ESCAPES: ESCAPES}]}).isprintable()


def test_cannot_be_mistaken_for_other_fields_when_a_value_has_spaces() -> None:
    assert "agent='x actor=user:admin'" in console(agent="x actor=user:admin")


def test_indents_the_traceback_when_it_quotes_a_forged_line() -> None:
    first, *rest = console(exception=f"Traceback:\nValueError: {FORGED}\x1b[2J").splitlines()
    assert first.startswith("2026")
    assert rest
    assert all(line.startswith("    | ") and line.isprintable() for line in rest)


def test_uses_colours_when_told_to_only() -> None:
    event = {**HEAD, "job_id": "j1"}
    assert "\x1b[" in console_renderer(colours=True)(dict(event))
    assert "\x1b[" not in console_renderer(colours=False)(dict(event))


def test_is_one_printable_line_that_reads_back_when_rendered_as_json() -> None:
    event = {**HEAD, "detail": FORGED + ESCAPES + "\x7f", "nested": {"a": [1, None, True, 1.5, "ключ"]}}
    line = render_json(event)
    assert line.isprintable()
    assert json.loads(line) == event


def test_is_still_json_when_a_number_is_none() -> None:
    assert json.loads(render_json({"n": float("nan")})) == {"n": None}
