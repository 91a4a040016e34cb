"""What members give one another: a donation that is done, a standing order, a collection that waits for consents."""

from datetime import timedelta
from uuid import UUID

from marketplace.base.errors import Unknown
from marketplace.demo.seeding.scene import Scene
from marketplace.hours.giving.collecting import collect
from marketplace.hours.giving.donations import donate
from marketplace.hours.giving.gifts import Share
from marketplace.hours.giving.schedules import schedule
from marketplace.hours.members.finding import member_of_elder
from marketplace.hours.members.programmes import grant
from marketplace.hours.members.proxies import Acts
from marketplace.people.accounts import actor_of
from marketplace.people.models import Account

GIVEN_MINUTES = 60  # granted beside what she has to spend, so that no booking lacks it
EACH_MINUTES, EVERY_MONTH_MINUTES = 30, 20
ENDS_IN = timedelta(days=10)


async def give_among_neighbours(scene: Scene, programme_id: UUID) -> None:
    """The last of the elders who were granted hours gives some on, and her neighbours are asked to give to her."""
    number = scene.cast.granted[-1]
    member = await member_of_elder(scene.tx, scene.elders[number])
    if member is None or member.account_id is None:
        raise Unknown(what="member")
    key = f"demo:elder:{member.elder_id}:to-give"
    await grant(scene.tx, programme_id, member.ledger_account, GIVEN_MINUTES, key=key, now=scene.now)
    acts, herself = Acts(member), await actor_of(scene.tx, await scene.tx.get_one(Account, member.account_id))
    words = "留给更需要的邻居"
    await donate(
        scene.tx, acts, "branch", GIVEN_MINUTES, reason=words, policy=scene.policy, actor=herself, now=scene.now
    )
    what = {"to": "branch", "minutes": EVERY_MONTH_MINUTES}
    monthly = "FREQ=MONTHLY;BYMONTHDAY=1"
    starts_at = scene.now + ENDS_IN
    await schedule(
        scene.tx,
        acts,
        "donation",
        what,
        starts_at=starts_at,
        rule=monthly,
        reason=words,
        rules=scene.policy.timebank.giving,
        actor=herself,
        now=scene.now,
    )
    home = scene.cast.elders[number].district
    givers = [one for one, cast in zip(scene.volunteers, scene.cast.volunteers, strict=True) if cast.district == home][
        :2
    ]
    asker = await actor_of(scene.tx, await scene.tx.get_one(Account, givers[0].account_id))
    await collect(
        scene.tx,
        Acts(givers[0]),
        member,
        [Share(one.id, EACH_MINUTES) for one in givers],
        ends_at=starts_at,
        reason="为邻居筹集时间",
        policy=scene.policy,
        actor=asker,
        now=scene.now,
    )
