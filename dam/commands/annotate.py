"""`dam-cli annotate`: what the user writes about assets."""

from typing import Annotated

import typer

from dam.commands.shared.asset_words import AssetsArgument, NullIdsOption, QueryOption, chosen_assets, is_one
from dam.commands.shared.help_text import LOOKUP, epilog
from dam.commands.shared.options import DryRunOption, JsonOption
from dam.core.errors import UsageError

app = typer.Typer()


@app.command("annotate", epilog=epilog("dam-cli annotate 42 --rating 4 --title 'Lake at dawn'", *LOOKUP))
def annotate(
    assets: AssetsArgument = None,
    rating: Annotated[int | None, typer.Option(help="0 to 5, or -1 for rejected.")] = None,
    title: Annotated[str | None, typer.Option(help="A title, in one line.")] = None,
    description: Annotated[str | None, typer.Option(help="A description.")] = None,
    notes: Annotated[str | None, typer.Option(help="Notes.")] = None,
    clear: Annotated[
        list[str] | None, typer.Option(metavar="FIELD", help="Remove rating, title, description or notes; repeatable.")
    ] = None,
    query: QueryOption = None,
    null: NullIdsOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Give assets a rating, a title, a description or notes of your own.

    They go before what the files say of themselves, and the files stay as they are. dam-cli undo takes it back.
    """
    from dam.render import user_data as render
    from dam.services.library import open_library
    from dam.services.user_data.annotations import annotate as write
    from dam.services.user_data.annotations import checked_values
    from dam.services.user_data.effective import Effective, effective

    given = {"rating": rating, "title": title, "description": description, "notes": notes}
    values = {name: value for name, value in given.items() if value is not None}
    cleared = [name.strip() for names in clear or () for name in names.split(",")]
    if both := values.keys() & set(cleared):
        raise UsageError(f"the {min(both)} cannot be given and cleared")
    checked = checked_values(values | dict.fromkeys(cleared))
    if not checked:
        raise UsageError("give at least one of --rating, --title, --description, --notes, --clear")
    with open_library() as library:
        ids = chosen_assets(library, assets, query, null=null)
        with library.write() as session:
            changed = write(session, ids, checked)
            held = effective(session, ids).get(ids[0], Effective()) if is_one(assets, query) else None
            if dry_run:
                session.rollback()
    if held is not None:
        render.held(ids[0], held, dry_run=dry_run, as_json=json)
    else:
        render.annotated(len(ids), changed, dry_run=dry_run, as_json=json)
