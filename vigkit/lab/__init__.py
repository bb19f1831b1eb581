"""The Jupyter side: the launcher, its settings, and the handler that serves films of an open casebook."""


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Where a Jupyter server finds what it is to load; nothing of it is imported before."""
    return [{"module": "vigkit.lab.extension", "name": "vigkit"}]
