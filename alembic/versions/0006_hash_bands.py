"""Perceptual hashes are looked up by bands of 16 bits.

Indexes on expressions, so that the database keeps them right by itself, and there is nothing that could differ from
the hashes. A later migration that rebuilds one of these tables on SQLite (Alembic's batch mode) must make them again.

Revision: 0006, after 0005.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = tuple(f"component_image_perceptual_hash_{kind}" for kind in ("phash", "ahash", "dhash"))
BANDS = (0, 1, 8, 9)
PIECES = ((0, 85), (15, 170), (24, 21760), (39, 43520))


def upgrade() -> None:
    more = ", hash_value" if op.get_context().dialect.name == "sqlite" else ""
    for table in TABLES:
        for band in BANDS:
            a, b, c, d = (f"((hash_value >> {band + shift}) & {mask})" for shift, mask in PIECES)
            op.execute(f"CREATE INDEX ix_{table}_band_{band} ON {table} (((({a} | {b}) | {c}) | {d}){more})")


def downgrade() -> None:
    for table in TABLES:
        for band in BANDS:
            op.drop_index(f"ix_{table}_band_{band}", table)
