"""Giving and moving hours: orders, schedules, key elders' grants, redemptions paid by programmes; proved relations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    _proofs()
    op.add_column("member", sa.Column("excess_to", sa.String()))
    op.create_check_constraint("member_excess", "member", "excess_to IN ('branch', 'city')")
    _excess_of_tasks()
    _schedules()
    _orders()
    _lines()
    _key_grants()
    _redemptions()


def _proofs() -> None:
    op.add_column("family_grant", sa.Column("proof", sa.String()))
    op.add_column("family_grant", sa.Column("proved_by", sa.Uuid()))
    op.add_column("family_grant", sa.Column("proved_at", sa.DateTime(timezone=True)))
    # grants that staff wrote down for the elder were made sure of then; those of her own wait for a proof
    op.execute(
        "UPDATE family_grant SET proof = 'staff', proved_by = granted_by, proved_at = now() FROM elder"
        " WHERE elder.id = family_grant.elder_id AND granted_by IS NOT NULL AND granted_by <> family_grant.account_id"
        " AND granted_by IS DISTINCT FROM elder.account_id"
    )
    op.create_check_constraint("family_grant_proof", "family_grant", "(proof IS NULL) = (proved_at IS NULL)")


def _excess_of_tasks() -> None:
    op.add_column("task", sa.Column("excess_account", sa.Uuid()))
    # so far all excess went to the volunteer's branch's pool
    op.execute(
        "UPDATE task SET excess_account = pool.id FROM member JOIN ledger_account pool"
        " ON pool.book = member.district_id::text AND pool.unit = 'minute' AND pool.kind = 'pool'"
        " WHERE member.id = task.member_id AND task.excess_minutes > 0"
    )


def _at(name: str, *, nullable: bool = True) -> sa.Column[sa.DateTime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _schedules() -> None:
    op.create_table(
        "transfer_schedule",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("giver_id", sa.Uuid(), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("asked_by", sa.Uuid(), sa.ForeignKey("account.id")),
        sa.Column("on_behalf_of", sa.Uuid(), sa.ForeignKey("member.id")),
        sa.Column("what", JSONB(), nullable=False),
        sa.Column("reason", sa.String()),
        sa.Column("rule", sa.String()),
        _at("starts_at", nullable=False),
        _at("next_at"),
        _at("asked_at", nullable=False),
        sa.CheckConstraint("kind IN ('gift', 'donation')", name="transfer_schedule_kind"),
        sa.CheckConstraint("state IN ('active', 'paused', 'ended')", name="transfer_schedule_state"),
        sa.CheckConstraint("state <> 'ended' OR next_at IS NULL", name="transfer_schedule_next"),
    )
    op.create_index("transfer_schedule_of_giver", "transfer_schedule", ["giver_id"])


def _orders() -> None:
    op.create_table(
        "transfer_order",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("district_id", sa.Uuid(), sa.ForeignKey("region.id"), nullable=False),
        sa.Column("giver_id", sa.Uuid(), sa.ForeignKey("member.id")),
        sa.Column("asked_by", sa.Uuid(), sa.ForeignKey("account.id"), index=True),
        sa.Column("on_behalf_of", sa.Uuid(), sa.ForeignKey("member.id")),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("owed_minutes", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String()),
        sa.Column("proof", sa.String()),
        sa.Column("policy", sa.String(), nullable=False),
        _at("asked_at", nullable=False),
        _at("executes_at"),
        _at("expires_at"),
        sa.Column("decided_by", sa.Uuid(), sa.ForeignKey("account.id")),
        _at("decided_at"),
        sa.Column("decision", sa.String()),
        _at("done_at"),
        sa.Column("schedule_id", sa.Uuid(), sa.ForeignKey("transfer_schedule.id")),
        _at("occurs_at"),
        *_order_checks(),
    )
    op.create_index("transfer_order_of_giver", "transfer_order", ["giver_id", "asked_at"])
    op.create_index(
        "transfer_order_open",
        "transfer_order",
        ["district_id"],
        postgresql_where=sa.text("state IN ('pending', 'collecting')"),
    )


def _order_checks() -> list[sa.schema.SchemaItem]:
    return [
        sa.CheckConstraint(
            "kind IN ('gift', 'donation', 'collection', 'inheritance', 'move', 'pool_grant', 'programme_grant')",
            name="transfer_order_kind",
        ),
        sa.CheckConstraint(
            "state IN ('collecting', 'pending', 'done', 'reversed', 'rejected', 'expired', 'cancelled', 'skipped')",
            name="transfer_order_state",
        ),
        sa.CheckConstraint("minutes >= 0 AND owed_minutes >= 0", name="transfer_order_minutes"),
        sa.CheckConstraint("state NOT IN ('done', 'reversed') OR done_at IS NOT NULL", name="transfer_order_done"),
        sa.CheckConstraint("state <> 'pending' OR expires_at IS NOT NULL", name="transfer_order_pending"),
        sa.CheckConstraint("state <> 'collecting' OR executes_at IS NOT NULL", name="transfer_order_collecting"),
        sa.CheckConstraint("decided_by <> asked_by", name="transfer_order_second_person"),
        sa.UniqueConstraint("schedule_id", "occurs_at", name="transfer_order_occurrence"),
    ]


def _lines() -> None:
    op.create_table(
        "transfer_line",
        sa.Column("order_id", sa.Uuid(), sa.ForeignKey("transfer_order.id"), primary_key=True),
        sa.Column("place", sa.Integer(), primary_key=True),
        sa.Column("source_account", sa.Uuid(), nullable=False),
        sa.Column("giver_id", sa.Uuid(), sa.ForeignKey("member.id")),
        sa.Column("destination", sa.String(), nullable=False),
        sa.Column("destination_account", sa.Uuid(), nullable=False),
        sa.Column("receiver_id", sa.Uuid(), sa.ForeignKey("member.id")),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("counts_as", sa.String()),
        sa.Column("consent", sa.String()),
        sa.CheckConstraint("minutes > 0", name="transfer_line_minutes"),
        sa.CheckConstraint("source_account <> destination_account", name="transfer_line_accounts"),
        sa.CheckConstraint("destination IN ('member', 'branch', 'city')", name="transfer_line_destination"),
        sa.CheckConstraint("consent IN ('asked', 'given', 'declined')", name="transfer_line_consent"),
        sa.CheckConstraint("counts_as IN ('gift', 'donation')", name="transfer_line_counts_as"),
    )
    op.create_index("transfer_line_giver", "transfer_line", ["giver_id"])
    op.create_index("transfer_line_receiver", "transfer_line", ["receiver_id"])


def _key_grants() -> None:
    op.create_table(
        "key_grant",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("district_id", sa.Uuid(), sa.ForeignKey("region.id"), nullable=False),
        sa.Column("elder_id", sa.Uuid(), sa.ForeignKey("elder.id"), nullable=False),
        sa.Column("member_id", sa.Uuid(), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("order_id", sa.Uuid(), sa.ForeignKey("transfer_order.id"), unique=True),
        sa.Column("programme_id", sa.Uuid(), sa.ForeignKey("programme.id")),
        sa.Column("group_rank", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        _at("granted_at", nullable=False),
        sa.CheckConstraint("num_nulls(order_id, programme_id) = 1", name="key_grant_source"),
        sa.CheckConstraint("minutes > 0 AND group_rank > 0 AND turn > 0", name="key_grant_numbers"),
    )
    op.create_index(
        "key_grant_issued",
        "key_grant",
        ["elder_id", "month"],
        unique=True,
        postgresql_where=sa.text("programme_id IS NOT NULL"),
    )
    op.create_index("key_grant_month", "key_grant", ["district_id", "month"])


def _redemptions() -> None:
    op.add_column("programme", sa.Column("budget_fen", sa.BigInteger()))
    op.create_check_constraint("programme_budget", "programme", "budget_fen >= 0")
    op.create_table(
        "redemption_agreement",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("programme_id", sa.Uuid(), sa.ForeignKey("programme.id"), nullable=False, index=True),
        sa.Column("offer_id", sa.Uuid(), sa.ForeignKey("offer.id"), nullable=False),
        sa.Column("fen_per_hour", sa.Integer(), nullable=False),
        sa.Column("agreed_by", sa.Uuid(), sa.ForeignKey("account.id")),
        _at("agreed_at", nullable=False),
        _at("ended_at"),
        sa.CheckConstraint("fen_per_hour > 0", name="redemption_agreement_rate"),
    )
    op.create_index(
        "redemption_agreement_open",
        "redemption_agreement",
        ["offer_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "redemption",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("reference", sa.String(), nullable=False, unique=True),
        sa.Column("agreement_id", sa.Uuid(), sa.ForeignKey("redemption_agreement.id"), nullable=False),
        sa.Column("programme_id", sa.Uuid(), sa.ForeignKey("programme.id"), nullable=False, index=True),
        sa.Column("fen_per_hour", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("fen", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _at("held_at", nullable=False),
        sa.CheckConstraint("minutes > 0 AND fen > 0 AND fen_per_hour > 0", name="redemption_amounts"),
        sa.CheckConstraint("state IN ('held', 'paid', 'released')", name="redemption_state"),
    )
