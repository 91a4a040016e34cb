"""The one table of who hears which message. Timers send the message that bears their rule's name."""

from marketplace.base import jobs as base
from marketplace.base.outbox import Consumers, consumer_name
from marketplace.checkout import jobs as checkout
from marketplace.hours import jobs as hours
from marketplace.hours.giving import jobs as giving
from marketplace.hours.importing import jobs as importing
from marketplace.hours.links import jobs as links
from marketplace.hours.members import jobs as members
from marketplace.matters import jobs as matters
from marketplace.payments import jobs as payments
from marketplace.people import jobs as people
from marketplace.planning import jobs as planning
from marketplace.providers import jobs as providers
from marketplace.visits import jobs as visits

SUBSCRIPTIONS: Consumers = {
    "sign_in.code_requested": (people.send_code,),
    # a booking and its money
    "booking.requested": (payments.authorise,),
    "stripe.received": (payments.apply_event,),
    "payment.changed": (checkout.follow_payment,),
    "payment.decided": (payments.carry_out,),
    "booking.offered": (matters.review_booking,),
    "booking.confirmed": (planning.request_plan, matters.review_booking),
    "booking.cancelled": (planning.request_plan, matters.review_booking),
    "booking.moved": (planning.request_plan, matters.review_booking),
    # a day's plan and what becomes of it
    "plan.requested": (planning.plan_day,),
    "plan.published": (hours.follow_plan,),
    "dispatch.wanted": (planning.request_plan,),
    "shift.withdrawn": (planning.request_plan, checkout.recount, hours.follow_plan),
    "visit.late": (matters.visit_late,),
    "visit.nobody_home": (matters.nobody_home,),
    "visit.checked_in": (checkout.begin_service, matters.review_booking),
    "visit.checked_out": (),
    "visit.approved": (checkout.settle, hours.credit),
    "visit.missed": (checkout.settle, hours.credit, matters.count_no_show),
    "task.submitted": (),
    "task.published": (),
    "member.barred": (hours.recall,),
    "member.standing": (members.tell_of_standing,),
    # payments to and from outside banks
    "relay.requested": (links.carry_relays,),
    "relay.ended": (links.tell_of_relay,),
    "link.check": (links.compare_link,),
    "link.key_made": (links.carry_relays,),
    "link.diverged": (links.link_diverged,),
    "payment_request.changed": (links.tell_of_request,),
    "import.wanted": (importing.carry_import,),
    "import.undo_wanted": (importing.carry_undo,),
    "answers.outdated": (base.forget_outdated,),
    "order.changed": (giving.tell_of_order,),
    "member.acted_for": (members.tell_of_act,),
    "key_elder.issued": (giving.tell_of_issue,),
    "cycle.debt_above_cap": (hours.debt_above_cap,),
    # a provider's standing, and what a person must decide because of it
    "credential.lapsed": (matters.review_provider, planning.replan_provider),
    "credential.valid": (matters.review_provider, planning.replan_provider),
    "provider.suspended": (matters.review_provider, planning.replan_provider),
    "provider.resumed": (matters.review_provider, planning.replan_provider),
    "matter.opened": (),
    "matter.closed": (),
    # timers
    "booking.hold_due": (checkout.expire,),
    "booking.accept_due": (checkout.acceptance_due,),
    "booking.close_due": (checkout.close,),
    "visit.approval_due": (visits.approve_due,),
    "visit.late_due": (visits.late_due,),
    "visit.missed_due": (visits.missed_due,),
    "matter.judge_due": (matters.judge_due,),
    "blacklisting.due": (providers.blacklisting_due,),
    "credential.due": (providers.credential_due,),
    "payment.authorise_due": (payments.authorise_due,),
    "payment.lapse_due": (payments.lapse_due,),
    "payment.retry_due": (payments.retry_due,),
    "payment.reconcile_due": (payments.reconcile_due,),
    "payout.due": (payments.pay_out,),
    "task.due": (hours.task_expired,),
    "task.answer_due": (hours.answer_due,),
    "series.due": (hours.series_due,),
    "member.suspension_due": (hours.suspension_due,),
    "member.of_age_due": (hours.of_age_due,),
    "link.due": (links.link_due,),
    "payment_request.due": (links.request_due,),
    "cycle.due": (hours.cycle_due, links.compare_links, giving.key_elders_due),
    "answers.due": (base.answers_due,),
    "order.due": (giving.order_due,),
    "schedule.due": (giving.schedule_due,),
}

CONSUMER_NAMES: dict[str, tuple[str, ...]] = {
    name: tuple(consumer_name(consumer) for consumer in group) for name, group in SUBSCRIPTIONS.items()
}
