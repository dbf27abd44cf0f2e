"""`dam-cli query-assets-placeholder`: keeps the name of a command to come."""

import typer

from dam.commands.shared.help_text import epilog

app = typer.Typer()


@app.command("query-assets-placeholder", hidden=True, epilog=epilog("dam-cli query-assets-placeholder"))
def query_assets_placeholder() -> None:
    """Say that the query language is yet to come."""
    from dam.render.text import note

    note("queries are not there yet: see find-file-by-hash, find-similar-images and tag ls")
