"""`dam-cli query-assets-placeholder`: reserves the name of a future command."""

import typer

from dam.commands.shared.help_text import epilog

app = typer.Typer()


@app.command("query-assets-placeholder", hidden=True, epilog=epilog("dam-cli query-assets-placeholder"))
def query_assets_placeholder() -> None:
    """Report that queries are not implemented yet."""
    from dam.render.text import note

    note("queries are not implemented yet: see find-file-by-hash, find-similar-images and tag ls")
