"""Papers: certificates of hours; the upper nodes of daily roots; banks that are imported; branches by night; alerts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from timebank.schema import install_sql

revision = "0014"
down_revision = "0013"

FILES = ("0010_root_nodes.sql",)


def upgrade() -> None:
    _certificates()
    _certified_minutes()
    _root_nodes()
    _imports()
    _branches()
    _alerts()


def _certificates() -> None:
    op.create_table(
        "certificate_key",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("used_since", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "certificate",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("code", sa.String(), nullable=False, unique=True),
        sa.Column("member_id", sa.Uuid(), sa.ForeignKey("member.id"), nullable=False, index=True),
        sa.Column("district_id", sa.Uuid(), sa.ForeignKey("region.id"), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("minutes", JSONB(), nullable=False),
        sa.Column("total_minutes", sa.Integer(), nullable=False),
        sa.Column("spent_minutes", sa.Integer(), nullable=False),
        sa.Column("hours_per_credit", sa.Integer(), nullable=False),
        sa.Column("credits", sa.Integer(), nullable=False),
        sa.Column("holder_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("document_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("document_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("statement", sa.String(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.String(), sa.ForeignKey("certificate_key.id"), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("replaces", sa.Uuid(), sa.ForeignKey("certificate.id"), unique=True),
        sa.Column("issued_by", sa.Uuid(), sa.ForeignKey("account.id")),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_by", sa.Uuid(), sa.ForeignKey("account.id")),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_reason", sa.String()),
        sa.CheckConstraint("until >= since", name="certificate_period"),
        sa.CheckConstraint("total_minutes > 0 AND spent_minutes >= 0", name="certificate_minutes"),
        sa.CheckConstraint("state IN ('issued', 'revoked')", name="certificate_state"),
        sa.CheckConstraint("state <> 'revoked' OR num_nulls(revoked_at, revoked_reason) = 0", name="certificate_ended"),
    )
    op.create_index("certificate_of_branch", "certificate", ["district_id", "id"])


def _certified_minutes() -> None:
    # equality of task ids in a GiST index: an extension of every PostgreSQL distribution, trusted since version 13
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.execute(
        "CREATE TABLE certified_minutes ("
        " certificate_id uuid NOT NULL REFERENCES certificate (id), task_id uuid NOT NULL REFERENCES task (id),"
        " from_minute integer NOT NULL, until_minute integer NOT NULL, freed boolean NOT NULL,"
        " PRIMARY KEY (certificate_id, task_id, from_minute),"
        " CONSTRAINT certified_minutes_range CHECK (from_minute >= 0 AND until_minute > from_minute),"
        " CONSTRAINT certified_once EXCLUDE USING gist"
        " (task_id WITH =, int4range(from_minute, until_minute) WITH &&) WHERE (NOT freed))"
    )
    op.execute(
        "CREATE FUNCTION certificate_task_reversed(p_task uuid) RETURNS boolean LANGUAGE sql STABLE AS $$"
        "  SELECT count(*) > 0 AND count(*) = count(r.id)"
        "  FROM ledger_entry e LEFT JOIN ledger_entry r ON r.reverses = e.id"
        "  WHERE e.reference = 'task:' || p_task AND e.kind = 'task' $$"
    )
    # a certificate takes minutes that exist and are its member's; afterwards they can only be freed, once
    op.execute(
        "CREATE FUNCTION certified_minutes_stand() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        "  IF TG_OP = 'INSERT' THEN"
        "    IF NOT NEW.freed AND EXISTS (SELECT FROM task t JOIN certificate c ON c.id = NEW.certificate_id"
        "      WHERE t.id = NEW.task_id AND t.state = 'credited' AND t.member_id = c.member_id"
        "        AND NEW.until_minute <= t.verified_minutes) THEN RETURN NEW; END IF;"
        "  ELSIF TG_OP = 'UPDATE' THEN"
        "    IF NEW.freed AND (NEW.certificate_id, NEW.task_id, NEW.from_minute, NEW.until_minute)"
        "      = (OLD.certificate_id, OLD.task_id, OLD.from_minute, OLD.until_minute) THEN RETURN NEW; END IF;"
        "  END IF;"
        "  RAISE EXCEPTION 'certified minutes are verified minutes of the member, and stay';"
        " END $$"
    )
    op.execute(
        "CREATE TRIGGER certified_minutes_stand BEFORE INSERT OR UPDATE OR DELETE ON certified_minutes"
        " FOR EACH ROW EXECUTE FUNCTION certified_minutes_stand()"
    )


def _root_nodes() -> None:
    op.create_table(
        "ledger_root_node",
        sa.Column(
            "on_day",
            sa.Date(),
            sa.ForeignKey("ledger_root.on_day", deferrable=True, initially="DEFERRED"),
            primary_key=True,
        ),
        sa.Column("level", sa.Integer(), primary_key=True),
        sa.Column("place", sa.BigInteger(), primary_key=True),
        sa.Column("node", sa.LargeBinary(), nullable=False),
        sa.Column("first", sa.Uuid(), nullable=False),
    )
    for statement in install_sql(*FILES):
        op.get_bind().exec_driver_sql(statement)  # as it stands: a colon is no parameter in there


def _imports() -> None:
    op.create_table(
        "bank_import",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("files_sha256", sa.LargeBinary(), nullable=False, unique=True),
        sa.Column("programme_id", sa.Uuid(), sa.ForeignKey("programme.id"), nullable=False, unique=True),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("imported_by", sa.Uuid(), sa.ForeignKey("account.id")),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("members >= 0 AND entries >= 0 AND minutes >= 0", name="bank_import_counts"),
    )
    op.create_table(
        "imported_member",
        sa.Column("member_id", sa.Uuid(), sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("import_id", sa.Uuid(), sa.ForeignKey("bank_import.id"), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("birth_on", sa.Date(), nullable=False),
        sa.UniqueConstraint("import_id", "external_id", name="imported_member_once"),
    )
    op.create_table(
        "imported_line",
        sa.Column("member_id", sa.Uuid(), sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("entry_key", sa.String(), primary_key=True),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=False),
    )


def _branches() -> None:
    sums = ("given_minutes", "received_minutes", "elsewhere_minutes", "net_minutes", "pool_minutes")
    op.create_table(
        "branch_night",
        sa.Column("on_day", sa.Date(), primary_key=True),
        sa.Column("district_id", sa.Uuid(), sa.ForeignKey("region.id"), primary_key=True),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in sums),
        sa.Column("stars", JSONB(), nullable=False),
    )


def _alerts() -> None:
    op.create_table(
        "debt_alert",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("district_id", sa.Uuid(), sa.ForeignKey("region.id"), nullable=False, index=True),
        sa.Column("debt_minutes", sa.BigInteger(), nullable=False),
        sa.Column("drawn_minutes", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("nights", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("closed_by", sa.Uuid(), sa.ForeignKey("account.id")),
        sa.Column("note", sa.String()),
        sa.CheckConstraint("state IN ('open', 'closed')", name="debt_alert_state"),
        sa.CheckConstraint("state = 'open' OR num_nulls(closed_at, note) = 0", name="debt_alert_closed"),
    )
    still_open = sa.text("state = 'open'")
    op.create_index("debt_alert_open_once", "debt_alert", ["district_id"], unique=True, postgresql_where=still_open)
