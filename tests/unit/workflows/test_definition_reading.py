"""Definitions: what is taken, what is refused, and everything that is wrong at once."""

from datetime import timedelta
from typing import Any

import pytest

from domain.shared.problems import Problems
from domain.workflows.definition import MAX_DEFINITION_BYTES, WorkflowDefinition, changed_names, completed, digest_of
from domain.workflows.errors import MOST_PROBLEMS, WorkflowInvalid, refuse_workflow
from domain.workflows.reading import check_key, read_definition, stored_definition
from domain.workflows.steps import DEFAULT_MAX_ITEMS, Escalation

# Any, here and below: JSON.
IN_APP: dict[str, Any] = {"key": "inbox", "type": "in_app", "template": {"title": "Hi", "body": ""}}
WHOLE: dict[str, Any] = {
    "name": "Order shipped",
    "description": "When the parcel leaves",
    "tags": ["orders"],
    "severity": "high",
    "critical": True,
    "payloadSchema": {"type": "object", "properties": {"id": {"const": None}}},
    "preferences": {"enabled": True, "channels": {"email": True, "sms": False}},
    "routing": {"method": "single"},
    "translations": {"de": {"greeting": "Hallo {{ name }}", "cart": {"items": {"one": "1", "other": "viele"}}}},
    "layout": "default",
    "defaultLocale": "en",
    "steps": [
        {
            "key": "inbox",
            "type": "in_app",
            "template": {
                "title": "Order {{ payload.id }}",
                "body": "On its way",
                "redirect": "https://shop.example/{{ payload.id }}",
                "avatar": "https://shop.example/a.png",
                "data": {"id": "{{ payload.id }}", "n": 1, "nested": [None, {"x": True}]},
                "actions": [{"id": "track", "label": "Track", "url": "https://shop.example"}],
            },
            "locales": {"de-AT": {"title": "Bestellung"}, "de": {"body": "Unterwegs"}},
        },
        {"key": "wait", "type": "delay", "delay": {"for": "90s"}},
        {
            "key": "mail",
            "type": "email",
            "if": {"!": {"var": "steps.inbox.read"}},
            "skip": {"==": [{"var": "payload.quiet"}, True]},
            "template": {"subject": "Shipped", "mjml": "<mjml></mjml>", "text": "Shipped", "preheader": "Soon"},
            "providers": ["ses", "smtp-a"],
            "retry": {"attempts": 3, "backoff": ["5s", "60s"]},
            "timeout": "1h",
            "escalate": {"step": "inbox", "ifNot": "read", "after": "30m"},
        },
        {"key": "text", "type": "sms", "template": {"body": "Shipped"}},
        {"key": "push", "type": "push", "template": {"title": "Shipped", "body": "x", "data": {}, "image": "x"}},
        {"key": "chat", "type": "chat", "template": {"body": "Shipped"}},
        {"key": "hook", "type": "webhook", "template": {"data": {"id": 1}}},
        {"key": "until", "type": "delay", "delay": {"until": "{{ payload.startsAt }}"}},
        {
            "key": "group",
            "type": "digest",
            "digest": {"window": "1h", "key": "{{ payload.project }}", "lookBack": "5m", "maxItems": 10},
        },
        {"key": "weekly", "type": "digest", "digest": {"cron": "0 9 * * 1", "timezone": "subscriber"}},
        {"key": "limit", "type": "throttle", "throttle": {"limit": 3, "window": "1h"}},
        {
            "key": "fetch",
            "type": "http",
            "http": {"method": "POST", "url": "https://x.example", "headers": {"X-A": "{{ payload.a }}"}, "body": [1]},
        },
    ],
}


def problems_of(document: Any) -> list[tuple[str, str]]:
    problems = Problems()
    read_definition(document, problems)
    try:
        refuse_workflow(problems)
    except WorkflowInvalid as refusal:
        return [(found.path, found.message) for found in refusal.problems]
    return []


def paths(document: Any) -> list[str]:
    return [path for path, _ in problems_of(document)]


def read(document: Any) -> WorkflowDefinition:
    problems = Problems()
    definition = read_definition(document, problems)
    refuse_workflow(problems)
    return definition


def with_step(**step: Any) -> dict[str, Any]:
    """A definition of an inbox step and one more."""
    return {"name": "x", "steps": [IN_APP, {"key": "b", **step}]}


def test_everything_is_read_and_nothing_lost_when_all_of_it_is_used() -> None:
    definition = read(WHOLE)

    assert definition.document is WHOLE
    assert completed(definition.document) == WHOLE
    assert [step.type for step in definition.steps] == [step["type"] for step in WHOLE["steps"]]
    assert [step.index for step in definition.steps] == list(range(12))
    inbox, mail = definition.step("inbox"), definition.step("mail")
    assert inbox is not None
    assert mail is not None
    assert inbox.message is not None
    assert mail.message is not None
    assert inbox.message.template == WHOLE["steps"][0]["template"]
    assert mail.message.escalation == Escalation(step="inbox", if_not="read", after=timedelta(minutes=30))
    assert mail.message.retry.backoff == (timedelta(seconds=5), timedelta(minutes=1))
    assert (mail.run_if, mail.skip_if) == (WHOLE["steps"][2]["if"], WHOLE["steps"][2]["skip"])
    assert definition.step("nobody") is None
    assert stored_definition(WHOLE) == definition


def test_settings_are_read_into_what_they_mean_when_steps_do_not_send() -> None:
    steps = {step.key: step for step in read(WHOLE).steps}
    wait, until, group, weekly = (steps[key] for key in ("wait", "until", "group", "weekly"))
    limit, fetch = steps["limit"], steps["fetch"]

    assert wait.delay is not None
    assert wait.delay.length == timedelta(seconds=90)
    assert until.delay is not None
    assert until.delay.until == "{{ payload.startsAt }}"
    assert group.digest is not None
    assert (group.digest.window, group.digest.look_back) == (timedelta(hours=1), timedelta(minutes=5))
    assert weekly.digest is not None
    assert (weekly.digest.cron, weekly.digest.max_items) == ("0 9 * * 1", DEFAULT_MAX_ITEMS)
    assert limit.throttle is not None
    assert (limit.throttle.limit, limit.throttle.window) == (3, timedelta(hours=1))
    assert fetch.http is not None
    assert (fetch.http.method, dict(fetch.http.headers), fetch.http.body) == ("POST", {"X-A": "{{ payload.a }}"}, [1])
    assert wait.message is None


def test_defaults_stand_in_when_little_is_said() -> None:
    definition = read({"name": "x", "steps": [IN_APP], "tags": None, "preferences": {"channels": {"sms": False}}})

    assert (definition.severity, definition.routing, definition.layout, definition.default_locale) == (
        "none",
        "all",
        None,
        "en",
    )
    assert definition.preferences.enabled
    assert definition.preferences.channels == {"sms": False}


def test_a_locale_falls_back_when_there_is_no_variant_for_it() -> None:
    inbox = read(WHOLE).steps[0].message
    assert inbox is not None
    assert inbox.template_in("de_at")["title"] == "Bestellung"
    assert inbox.template_in("de-AT")["body"] == "On its way"
    assert inbox.template_in("de-CH")["body"] == "Unterwegs"
    assert inbox.template_in("fr") == inbox.template
    assert inbox.template_in(None) == inbox.template


def test_all_problems_are_told_with_their_paths_when_much_is_wrong() -> None:
    document = {
        "severity": "grave",
        "tags": ["ok", 5, "\n"],
        "colour": 1,
        "preferences": {"channels": {"pigeon": True, "sms": "no"}},
        "steps": [
            IN_APP,
            {"key": "mail", "type": "email", "template": {"subjekt": "s", "subject": ""}, "timeout": "1w"},
            {"key": "mail", "type": "delay", "delay": {}},
            {"key": "late", "type": "smoke"},
            5,
        ],
    }
    assert problems_of(document) == [
        ("name", "is required"),
        ("tags[1]", "must be a string of 1 to 64 characters"),
        ("tags[2]", "contains control characters"),
        ("severity", "must be one of none, low, medium, high"),
        ("preferences.channels.sms", "must be a boolean"),
        ("preferences.channels.pigeon", "is not a known field"),
        ("steps[1].template.subject", "must not be empty"),
        ("steps[1].template.subjekt", "is not a known field"),
        ("steps[1].template.html", "is required, or mjml, or text"),
        ("steps[1].timeout", "is not a duration: write a whole number and s, m, h or d, like 90s or 2h"),
        ("steps[2].key", "is taken by an earlier step"),
        ("steps[2].delay.for", "is required, or until, and not both"),
        (
            "steps[3].type",
            "must be one of in_app, email, sms, push, chat, webhook, delay, digest, throttle, http",
        ),
        ("steps[4]", "must be an object"),
        ("colour", "is not a known field"),
    ]


@pytest.mark.parametrize(
    ("step", "path"),
    [
        ({"type": "sms", "template": {}}, "template.body"),
        ({"type": "sms"}, "template"),
        ({"type": "sms", "template": {"body": "x", "title": "x"}}, "template.title"),
        ({"type": "sms", "template": {"body": "x"}, "delay": {"for": "1m"}}, "delay"),
        ({"type": "sms", "template": {"body": "x"}, "locales": {"de": {"body": ""}}}, "locales.de.body"),
        ({"type": "sms", "template": {"body": "x"}, "locales": {"german!": {}}}, "locales.german!"),
        ({"type": "sms", "template": {"body": "x"}, "retry": {"attempts": 0}}, "retry.attempts"),
        ({"type": "sms", "template": {"body": "x"}, "retry": {"attempts": True}}, "retry.attempts"),
        ({"type": "sms", "template": {"body": "x"}, "retry": {"backoff": ["5s", 5]}}, "retry.backoff[1]"),
        ({"type": "sms", "template": {"body": "x"}, "providers": "ses"}, "providers"),
        ({"type": "push", "template": {"title": "x", "body": "x", "data": []}}, "template.data"),
        (
            {"type": "in_app", "template": {"title": "x", "body": "", "actions": [{"id": "a", "label": "A"}] * 2}},
            "template.actions[1].id",
        ),
        ({"type": "delay", "delay": {"for": "1m", "until": "x"}}, "delay.for"),
        ({"type": "delay", "delay": {"for": "0s"}}, "delay.for"),
        ({"type": "delay", "delay": {"for": "366d"}}, "delay.for"),
        ({"type": "digest", "digest": {}}, "digest.window"),
        (
            {"type": "digest", "digest": {"window": "1h", "cron": "0 9 * * 1", "timezone": "subscriber"}},
            "digest.window",
        ),
        ({"type": "digest", "digest": {"cron": "0 9 * * 1"}}, "digest.timezone"),
        ({"type": "digest", "digest": {"window": "1h", "timezone": "subscriber"}}, "digest.timezone"),
        ({"type": "digest", "digest": {"window": "1h", "maxItems": 0}}, "digest.maxItems"),
        ({"type": "throttle", "throttle": {"window": "1h"}}, "throttle.limit"),
        ({"type": "throttle", "throttle": {"limit": 1}}, "throttle.window"),
        ({"type": "http", "http": {"method": "TRACE", "url": "https://x"}}, "http.method"),
        ({"type": "http", "http": {"method": "GET", "url": "file:///etc/passwd"}}, "http.url"),
        ({"type": "http", "http": {"method": "GET", "url": "https://x", "timeout": "61s"}}, "http.timeout"),
        ({"type": "http", "http": {"method": "GET", "url": "https://x", "headers": {"a b": "c"}}}, "http.headers.a b"),
        ({"type": "http", "http": {"method": "GET", "url": "https://x", "headers": {"a": "b\r\n"}}}, "http.headers.a"),
        ({"type": "delay", "delay": {"for": "1m"}, "if": {"frobnicate": 1}}, "if.frobnicate"),
        ({"type": "delay", "delay": {"for": "1m"}, "template": {}}, "template"),
    ],
)
def test_a_step_is_refused_at_its_path_when_it_does_not_fit(step: dict[str, Any], path: str) -> None:
    assert paths(with_step(**step)) == [f"steps[1].{path}"]


@pytest.mark.parametrize("key", ["", "Inbox", "1st", "-a", "a b", "a" * 65, None, 5])
def test_a_step_is_refused_when_its_key_is_no_key(key: object) -> None:
    assert paths({"name": "x", "steps": [{**IN_APP, "key": key}]}) == ["steps[0].key"]


@pytest.mark.parametrize("named", ["b", "later", "nobody"])
def test_a_step_is_refused_when_it_refers_to_none_before_it(named: str) -> None:
    escalate = {"step": named, "ifNot": "seen", "after": "1m"}
    condition = {"and": [{"var": [f"steps.{named}.status", None]}, {"var": "steps.inbox.seen"}]}
    document = with_step(type="sms", template={"body": "x"}, escalate=escalate, skip=condition)
    document["steps"].append({"key": "later", "type": "delay", "delay": {"for": "1s"}})

    assert paths(document) == ["steps[1].skip", "steps[1].escalate.step"]


def test_what_stands_in_an_item_is_no_step_when_a_condition_walks_a_list() -> None:
    inner = {"some": [{"var": "payload.rows"}, {"var": "steps.nobody"}]}
    outer = {"some": [{"var": "steps.nobody.result.rows"}, True]}

    assert paths(with_step(type="delay", delay={"for": "1m"}, skip=inner)) == []
    assert paths(with_step(type="delay", delay={"for": "1m"}, skip=outer)) == ["steps[1].skip"]


@pytest.mark.parametrize("steps", [[], None, {}, "x", [IN_APP] * 51])
def test_a_definition_is_refused_when_it_has_no_steps_or_too_many(steps: object) -> None:
    assert paths({"name": "x", "steps": steps})[0] in ("steps", "steps[1].key")
    assert "steps" in paths({"name": "x", "steps": steps})


def test_fifty_steps_are_taken_when_their_keys_differ() -> None:
    steps = [{**IN_APP, "key": f"s{number}"} for number in range(50)]
    assert len(read({"name": "x", "steps": steps}).steps) == 50


@pytest.mark.parametrize("document", [None, [], "x", 5, True])
def test_a_definition_is_refused_when_it_is_no_object(document: object) -> None:
    assert problems_of(document) == [("", "must be an object")]


def test_a_definition_is_refused_when_it_is_larger_than_512_kb() -> None:
    room = MAX_DEFINITION_BYTES - len('{"name":"x","steps":[],"description":""}')
    fits, too_long = ({"name": "x", "steps": [], "description": "x" * length} for length in (room, room + 1))

    assert problems_of(too_long) == [("", "is larger than 512 kB")]
    assert "" not in paths(fits)


def test_a_definition_is_refused_when_it_is_nested_without_end() -> None:
    deep: Any = {}
    for _ in range(5_000):
        deep = {"a": deep}
    assert problems_of({"name": "x", "steps": [], "payloadSchema": deep}) == [("", "is nested deeper than 128 levels")]


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b"])
def test_a_definition_is_refused_when_no_store_could_hold_a_text_of_it(text: str) -> None:
    document = {"name": "x", "steps": [{**IN_APP, "template": {"title": text, "body": "x", "data": {text: 1}}}]}
    assert paths(document) == ["steps[0].template.data", "steps[0].template.title"] or paths(document) == [
        "steps[0].template.title",
        "steps[0].template.data",
    ]


def test_a_hundred_problems_are_told_when_there_are_more() -> None:
    document = {"name": "x", "steps": [IN_APP], **{f"f{number}": 1 for number in range(300)}}
    problems = Problems()
    read_definition(document, problems)
    with pytest.raises(WorkflowInvalid, match="300 fields are invalid") as refusal:
        refuse_workflow(problems)
    assert len(refusal.value.problems) == MOST_PROBLEMS


@pytest.mark.parametrize("translations", [{"de": {"a": 1}}, {"de": {"a": {"b": [1]}}}, {"de": "x"}, {"x!": {}}, []])
def test_translations_are_refused_when_they_hold_anything_but_texts(translations: object) -> None:
    assert all(
        path.startswith("translations")
        for path in paths({"name": "x", "steps": [IN_APP], "translations": translations})
    )
    assert paths({"name": "x", "steps": [IN_APP], "translations": translations})


@pytest.mark.parametrize(("key", "good"), [("a", True), ("1-a_b", True), ("a" * 64, True)] + [
    (key, False) for key in ("", "A", "-a", "_a", "a b", "a" * 65, "a\n", "ä")
])  # fmt: skip
def test_keys_of_workflows_are_lower_case_words(key: str, good: bool) -> None:
    problems = Problems()
    check_key(key, problems)
    assert bool(problems) is not good


def test_digests_are_equal_when_definitions_mean_the_same() -> None:
    short = {"steps": [IN_APP], "name": "x"}
    spelled_out = {"name": "x", "tags": [], "layout": None, "routing": {"method": "all"}, "steps": [IN_APP]}

    assert digest_of(short) == digest_of(spelled_out)
    assert digest_of(short) == "4678387ef230ddfdcd5d2e71da9b62a702fc211f10875ad6285ad3ad372fe329"
    assert digest_of({**short, "critical": True}) != digest_of(short)
    assert changed_names(short, spelled_out) == ()
    assert changed_names(short, {**spelled_out, "name": "y", "tags": ["a"]}) == ("name", "tags")
