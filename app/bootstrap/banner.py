"""What a process says when it is ready."""

from application.tenancy.install_default_tenant import InstalledView
from infrastructure.config.settings import Settings


def banner(settings: Settings, address: str, *, everything: bool) -> str:
    """Where to look: `address` is where this process listens, beside which people may have one of their own."""
    public = settings.app.base_url or address
    lines = [f"Carillon is ready at {address}", f"  health   {address}/health"]
    if settings.app.base_url is not None:
        lines.insert(1, f"  people   {public}/")
    if settings.app.demo_page:
        lines.append(f"  inbox    {address}/")
    if settings.docs.enabled:
        lines.append(f"  docs     {public}{settings.docs.path}")
    lines.append(f"  data     {settings.app.data_dir}")
    if not everything:
        lines.append("  workers  run `python -m app worker` and `python -m app scheduler` beside this process")
    return "\n".join([*lines, ""])


def preparing_line(settings: Settings) -> str:
    """The first word of a server, long before it is ready."""
    return f"Preparing Carillon in {settings.app.data_dir} …\n"


def ready_line(part: str) -> str:
    """What a process says that nobody can look at in a browser."""
    return f"Carillon {part} is ready\n"


def credentials(installed: InstalledView | None) -> str:
    """The generated credentials of a first start; empty when there was none, or when the operator chose them."""
    if installed is None:
        return ""
    lines: list[str] = []
    if installed.generated_password is not None:
        lines.append(f"  administrator  {installed.admin_email}  {installed.generated_password}")
    if installed.generated_api_key is not None:
        lines.append(f"  API key        {installed.generated_api_key}")
    return "\n".join(["First start: keep these, they are not shown again.", *lines, "", ""]) if lines else ""
