"""`.env.example` and `README.md` of this folder, made from the Structs.

`python -m infrastructure.config.render`, run in the root of the project, writes both.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import get_type_hints

from msgspec import NODEFAULT

from infrastructure.config.aliases import ADDRESSES, ALIASES
from infrastructure.config.app import Environment
from infrastructure.config.catalogue import catalogue, option_leaves, provider_leaves
from infrastructure.config.draft import Draft
from infrastructure.config.environments import PROFILES
from infrastructure.config.later import LATER_KEYS, LATER_PREFIXES
from infrastructure.config.log import LEVELS
from infrastructure.config.provider_drivers import PROVIDER_DRIVERS
from infrastructure.config.section import Leaf, inner_section
from infrastructure.config.settings import Settings
from infrastructure.config.text import expectation, write

# Stands for the working directory while defaults are worked out, and is written as "./".
ROOT = Path("/installation")

EXAMPLE_HEAD = """\
# Every key with its default. Copy this file to .env and uncomment what you want to change.
#
# .env is read first, then .env.<APP_ENV>, then the environment of the process; the last one wins. Any key may end in
# _FILE and name a file that holds the value. Durations: 30, 1.5s, 500ms, 5m, 2h, 1d. Lists: separated by commas.
# Made from infrastructure/config by `python -m infrastructure.config.render`.
"""

README_HEAD = r"""# Configuration

Made by `python -m infrastructure.config.render` from the Structs in this folder; change those.

## Where settings come from

1. `.env` in the working directory
2. `.env.<APP_ENV>`
3. the environment of the process

The last one wins.

- `<KEY>_FILE` names a file that holds the value, as container platforms hand out secrets. Its last line break is cut
  off.
- An empty value means "not set", also where a weaker place sets it. An empty secret is an error.
- Durations are seconds or carry a unit: `30`, `1.5s`, `500ms`, `5m`, `2h`, `1d`. Lists are separated by commas.
- In `.env` files nothing is interpolated: a `$` is a `$`. Single quotes keep everything, double quotes know `\n`,
  `\t`, `\"` and `\\`; without quotes ` #` begins a comment. A key stands once in a file.
- Relative paths start from the working directory.
- Everything that is wrong is reported at once, one line each, never with a value; the process ends with 78 (EX_CONFIG).
  `python -m app config check` does the same without starting, `config show` prints each value and where it came from.

## Unknown keys

In a `.env` file every key must mean something; only `COMPOSE_*` is left to Compose. The environment of a process is
shared with other programs: there a key is refused when its beginning is used by nobody else (`SSE_`, `EGRESS_`,
`RATE_LIMIT_`, `REALTIME_`, `NOTIFY_<CHANNEL>_`, `WORKER_SLOTS_`, `PROVIDER__`) or when it is nearly one of ours
(`APP_PROT`). Any other key that begins like ours is mentioned at the start and has no effect.
"""

RELOADING = """\
## Without a restart

On SIGHUP a process reads its `.env` files and the files that `<KEY>_FILE` names again; the environment it was started
with stays what it was, and still wins. When anything is wrong, nothing changes, and one line of the log has all
problems. These keys are applied at once; any other that changed is named in a line `configuration.restart_needed`:
"""

PROVIDERS = """\
## Providers by name

`NOTIFY_EMAIL_PROVIDERS=smtp-a,smtp-b` makes a failover chain, and so do `NOTIFY_SMS_PROVIDERS`,
`NOTIFY_PUSH_PROVIDERS` and `NOTIFY_CHAT_PROVIDERS`; each name is described by keys that carry it in capitals, hyphens
as underscores. `DRIVER` says what it is; a provider named after its driver (`NOTIFY_SMS_PROVIDERS=twilio`) is that.
The bare names `smtp`, `file` and `console` stand for what `SMTP_*` and `MAIL_DIR` describe.
"""

Row = tuple[str, ...]


def render_env_example() -> str:
    """Every key, commented out, with its default and its reason."""
    draft = Draft(catalogue(), ROOT)
    parts = [EXAMPLE_HEAD]
    for title, leaves in _groups().items():
        parts.append(f"\n# ---- {title} ----\n")
        parts += [_example(leaf, _default(draft, leaf)) for leaf in leaves]
    parts.append("\n# ---- E-mail providers by name (here smtp-a) ----\n")
    parts += [_example(leaf, "") for leaf in provider_leaves(["smtp-a"]).values()]
    return "".join(parts)


def render_readme() -> str:
    """All keys in tables, with the rules by which they are read."""
    draft = Draft(catalogue(), ROOT)
    tables = (f"## {title}\n\n{_key_table(_settings_rows(draft, leaves))}" for title, leaves in _groups().items())
    provider = provider_leaves(["smtp-a"]).values()
    provider_table = _key_table(_row(leaf, leaf.key.depends or "not set") for leaf in provider)
    head = [README_HEAD, _without_restart(), _environments()]
    named = [f"{PROVIDERS}\n### `smtp`: a relay\n\n{provider_table}", *_other_drivers()]
    parts = [*head, *tables, *named, _other_names(), _later()]
    return "\n".join(parts)


def _other_drivers() -> Iterable[str]:
    for name, driver in PROVIDER_DRIVERS.items():
        if driver.options is not None:
            rows = (_row(leaf, _option_default(leaf)) for leaf in option_leaves(name, name))
            title = (driver.options.__doc__ or "").strip()
            yield f"### `{name}` ({driver.channel}): {title}\n\n{_key_table(rows)}"


def _option_default(leaf: Leaf) -> str:
    if leaf.default is NODEFAULT:
        return "required"
    text = write(leaf, leaf.default)
    return leaf.key.depends or (f"`{text}`" if text else "not set")


def _groups() -> Mapping[str, list[Leaf]]:
    """Leaves by the title of their section."""
    hints = get_type_hints(Settings, include_extras=True)
    groups: dict[str, list[Leaf]] = {}
    for leaf in catalogue().values():
        section = inner_section(hints[leaf.path[0]])
        title = (section.__doc__ or "").strip() if section else leaf.path[0]
        groups.setdefault(title, []).append(leaf)
    return groups


def _default(draft: Draft, leaf: Leaf) -> str:
    return draft.text(leaf.key.name).replace(f"{ROOT}/", "./")


def _example(leaf: Leaf, text: str) -> str:
    default = f"# Default: {leaf.key.depends}.\n" if leaf.key.depends else ""
    quoted = f'"{text}"' if " " in text else text
    return f"\n# {leaf.key.why}\n{default}#{leaf.key.name}={quoted}\n"


def _settings_rows(draft: Draft, leaves: Iterable[Leaf]) -> Iterable[Row]:
    for leaf in leaves:
        text = _default(draft, leaf)
        yield _row(leaf, leaf.key.depends or (f"`{text}`" if text else "not set"))


def _row(leaf: Leaf, default: str) -> Row:
    return f"`{leaf.key.name}`", default, expectation(leaf), leaf.key.why


def _key_table(rows: Iterable[Row]) -> str:
    return _table(("Key", "Default", "Accepts", "Why"), rows)


def _without_restart() -> str:
    keys = "".join(f"- `{leaf.key.name}`\n" for leaf in catalogue().values() if leaf.key.live)
    return f"{RELOADING}\n{keys}"


def _environments() -> str:
    rows = (
        (
            f"`{environment}`",
            profile.log_format,
            ", ".join(sorted(profile.log_sinks)) or "none",
            "yes" if profile.docs_enabled else "no",
            "yes, on loopback" if environment is Environment.LOCAL else "no",
        )
        for environment, profile in PROFILES.items()
    )
    table = _table(("`APP_ENV`", "`LOG_FORMAT`", "`LOG_SINKS`", "`DOCS_ENABLED`", "Page at `/`"), rows)
    return f"## Environments\n\nDefaults that follow `APP_ENV`:\n\n{table}\n{_refusals()}"


def _refusals() -> str:
    where: dict[str, list[str]] = {}
    for environment, profile in PROFILES.items():
        for refusal in profile.refusals:
            where.setdefault(f"`{refusal.key}` {refusal.because}", []).append(environment)
    lines = "".join(f"- {rule} ({', '.join(environments)})\n" for rule, environments in where.items())
    return f"Refused where people depend on the installation:\n\n{lines}"


def _other_names() -> str:
    old = [(f"`{name}`", f"`{key}`") for name, key in ALIASES.items()]
    pieces = [(", ".join(f"`{piece}`" for piece in address.pieces), f"`{address.target}`") for address in ADDRESSES]
    levels = ", ".join(f"`{name}` is `{level}`" for name, level in LEVELS.items())
    values = f"In `QUEUE_DRIVER` `bullmq` is `redis`; in `LOG_LEVEL` {levels}."
    table = _table(("Older", "Now"), [*old, *pieces])
    return f"## Older names\n\nUnderstood, with a warning at the start. {values}\n\n{table}"


def _later() -> str:
    keys = (*sorted(LATER_KEYS), *(f"{prefix}*" for prefix in sorted(LATER_PREFIXES)))
    listed = "".join(f"- `{key}`\n" for key in keys)
    where = "Refused in `.env` files, and the choice of a driver everywhere; others have no effect elsewhere:"
    return f"## Keys of later versions\n\n{where}\n\n{listed}"


def _table(head: Row, rows: Iterable[Row]) -> str:
    lines = (head, ("---",) * len(head), *rows)
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    # `<NAME>` would be taken for a tag; inside of backticks it stands as it is.
    return text if text.startswith("`") else text.replace("<", "&lt;")


def write_files(project: Path) -> None:
    """Writes both files below the project's root."""
    (project / ".env.example").write_text(render_env_example(), encoding="utf-8")
    (project / "infrastructure" / "config" / "README.md").write_text(render_readme(), encoding="utf-8")


if __name__ == "__main__":
    write_files(Path.cwd())
