"""Create all tables of the first version."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _text(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(), nullable=null)


def _moment(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null)


def _integer(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _bytes(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.LargeBinary(), nullable=null)


def _table(
    name: str,
    *columns: sa.Column[Any],
    key: tuple[str, ...] = ("id",),
    refers: dict[str, str] | None = None,
    unique: tuple[tuple[str, ...], ...] = (),
    index: tuple[str, ...] = (),
) -> None:
    op.create_table(
        name,
        *columns,
        sa.PrimaryKeyConstraint(*key, name=f"pk_{name}"),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=f"fk_{name}_{column}")
            for column, table in (refers or {}).items()
        ),
        *(sa.UniqueConstraint(*group, name=f"uq_{name}_{'_'.join(group)}") for group in unique),
    )
    for column in index:
        op.create_index(f"ix_{name}_{column}", name, [column])


def upgrade() -> None:
    """Create tables, indices and the guard of the view log."""
    _places()
    _people()
    _guides()
    _calls()
    _view_log()


def _places() -> None:
    words = ("id", "name", "city", "level", "area", "address", "hours", "phone")
    _table("centre", *map(_text, words), index=("city",))
    columns = map(_text, ("id", "centre", "kind", "name", "address", "hours", "phone"))
    _table("window", *columns, refers={"centre": "centre"}, index=("centre",))
    _table(
        "kiosk",
        *map(_text, ("id", "centre", "window", "public_key")),
        _moment("created_at"),
        _moment("enrolled_at", null=True),
        _moment("revoked_at", null=True),
        refers={"centre": "centre", "window": "window"},
        index=("centre",),
    )
    _table(
        "enrol_code",
        *map(_text, ("code_hash", "kiosk", "centre", "made_by")),
        _moment("made_at"),
        _moment("expires_at"),
        _moment("used_at", null=True),
        key=("code_hash",),
        refers={"kiosk": "kiosk", "centre": "centre"},
        index=("kiosk",),
    )


def _people() -> None:
    words = ("id", "account", "name", "number", "centre", "role", "scope", "post", "password_hash")
    _table(
        "staff",
        *map(_text, words),
        _integer("wrong_count"),
        _moment("wrong_since", null=True),
        _moment("locked_until", null=True),
        _moment("created_at"),
        _moment("disabled_at", null=True),
        refers={"centre": "centre"},
        unique=(("account",),),
        index=("centre",),
    )
    _table(
        "staff_skill",
        *map(_text, ("staff", "city", "item_group", "centre")),
        key=("staff", "city", "item_group"),
        refers={"staff": "staff", "centre": "centre"},
    )
    _table(
        "session",
        *map(_text, ("token_hash", "staff", "centre")),
        _moment("created_at"),
        _moment("seen_at"),
        key=("token_hash",),
        refers={"staff": "staff", "centre": "centre"},
        index=("staff",),
    )


def _guides() -> None:
    _table(
        "guide",
        _integer("id"),
        _integer("item"),
        _text("city"),
        _integer("version"),
        _text("centre", null=True),
        _moment("valid_from"),
        sa.Column("payload", sa.JSON(), nullable=False),
        refers={"centre": "centre"},
        unique=(("item", "city", "version"),),
    )
    _table(
        "item_rule",
        sa.Column("item", sa.Integer(), nullable=False, autoincrement=False),
        _text("city"),
        _text("centre", null=True),
        sa.Column("virtual", sa.Boolean(), nullable=False),
        _text("mode"),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        *map(_text, ("note_zh", "note_en")),
        key=("item", "city"),
        refers={"centre": "centre"},
    )


def _calls() -> None:
    places = {"centre": "centre", "kiosk_centre": "centre"}
    _table(
        "call",
        _text("id"),
        _text("centre", null=True),
        *map(_text, ("kiosk", "kiosk_centre", "city")),
        _integer("item"),
        *map(_text, ("request", "phase", "recording")),
        _moment("asked_at"),
        _moment("answered_at", null=True),
        _moment("ended_at", null=True),
        *(_text(name, null=True) for name in ("staff", "reason", "outcome")),
        _bytes("note_sealed", null=True),
        refers={**places, "kiosk": "kiosk", "staff": "staff"},
        index=("asked_at", "centre", "kiosk_centre", "staff"),
    )
    _table(
        "callback",
        _text("call"),
        _text("centre", null=True),
        *map(_text, ("kiosk_centre", "city")),
        _integer("item"),
        *map(_bytes, ("name_sealed", "phone_sealed")),
        _moment("asked_at"),
        key=("call",),
        refers={**places, "call": "call"},
        index=("city",),
    )
    _table(
        "rating",
        _text("call"),
        _text("centre", null=True),
        _text("kiosk_centre"),
        _integer("grade"),
        _moment("rated_at"),
        key=("call",),
        refers={**places, "call": "call"},
    )
    _table(
        "recording",
        *map(_text, ("id", "call", "centre", "path")),
        _bytes("wrapped_key"),
        _text("state"),
        _moment("opened_at"),
        _moment("closed_at", null=True),
        sa.Column("duration", sa.Float(), nullable=False),
        sa.Column("bytes_total", sa.BigInteger(), nullable=False),
        sa.Column("sides", sa.JSON(), nullable=False),
        _text("failure"),
        refers={"call": "call", "centre": "centre"},
        unique=(("call",),),
        index=("state",),
    )
    _table(
        "call_event",
        _integer("id"),
        _text("call"),
        _text("centre", null=True),
        *map(_text, ("kiosk_centre", "kind")),
        _moment("at"),
        sa.Column("detail", sa.JSON(), nullable=False),
        refers={**places, "call": "call"},
        unique=(("call", "kind", "at"),),
        index=("call",),
    )


def _view_log() -> None:
    _table(
        "view_log",
        sa.Column("seq", sa.Integer(), nullable=False, autoincrement=False),
        _moment("at"),
        *map(_text, ("staff", "centre", "kind", "subject", "detail")),
        _bytes("mac"),
        key=("seq",),
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER view_log_no_{verb.lower()} BEFORE {verb} ON view_log "
                "BEGIN SELECT RAISE(ABORT, 'view_log is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION view_log_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'view_log is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER view_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON view_log "
        "FOR EACH STATEMENT EXECUTE FUNCTION view_log_refuse()"
    )
