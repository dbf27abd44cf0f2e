"""Alembic's own commands, as processes in the checkout."""

import subprocess
import sys

from alembic.config import CommandLine, Config
from sqlalchemy import create_engine, inspect

from tests import forked
from tests.conftest import PROJECT, Dam


def program(arguments: list[str]) -> None:
    """Run `alembic`, which otherwise writes to the stdout that there was when it was imported."""
    program = CommandLine()
    options = program.parser.parse_args(arguments)
    program.run_cmd(Config("alembic.ini", stdout=sys.stdout, cmd_opts=options), options)


def alembic(dam: Dam, *arguments: str) -> str:
    pipe = subprocess.PIPE
    with forked.start(program, arguments, dam.env, cwd=PROJECT, stdout=pipe, stderr=pipe, text=True) as process:
        out, err = process.communicate()
    assert process.returncode == 0, err
    return str(out)


def test_upgrade_check_and_downgrade(each_fresh_dam: Dam) -> None:
    alembic(each_fresh_dam, "upgrade", "head")
    assert "No new upgrade operations detected" in alembic(each_fresh_dam, "check")
    alembic(each_fresh_dam, "downgrade", "base")
    engine = create_engine(each_fresh_dam.env["DATABASE_URL"])
    assert inspect(engine).get_table_names() == ["alembic_version"]
    engine.dispose()


def test_setup_db_goes_on_where_alembic_stopped(each_fresh_dam: Dam) -> None:
    alembic(each_fresh_dam, "upgrade", "head")
    each_fresh_dam("setup-db")
    assert each_fresh_dam("info", "--json").json["entities"] == 0


def test_upgrade_can_be_written_as_sql(each_fresh_dam: Dam) -> None:
    assert "CREATE TABLE component_tag" in alembic(each_fresh_dam, "upgrade", "head", "--sql")
