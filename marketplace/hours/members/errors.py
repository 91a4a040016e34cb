"""What is refused to members, and why."""

from marketplace.base.errors import Conflict, Forbidden, Language, Malformed

SCOPES_ZH = {"view": "查看", "book": "代为预约", "pay": "使用时间"}  # by which family acts for a member


class AgeUnknown(Conflict):
    """Who gives hours is of an age that the city allows; that takes a date of birth."""

    code = "age_unknown"
    zh = "请先登记出生日期。"
    en = "Tell the date of birth first."


class AgeNotAllowed(Conflict):
    """The city lets volunteers of other ages give hours."""

    code = "age_not_allowed"
    zh = "本市志愿者年龄须为 {youngest} 岁以上（上限：{oldest}），登记年龄为 {age} 岁。"
    en = "Volunteers here are {youngest} or older (up to: {oldest}); the age on record is {age}."


class MinorsRefused(Conflict):
    """The city's time bank takes nobody under age."""

    code = "minors_refused"
    zh = "本市时间银行不接受未成年志愿者。"
    en = "This city's time bank takes no volunteers under age."


class GroupTasksOnly(Conflict):
    """Minors take part in tasks of a group, and in no others."""

    code = "group_tasks_only"
    zh = "未成年志愿者只能参加集体任务。"
    en = "Minors only take part in group tasks."


class BirthDateImpossible(Malformed):
    """Nobody was born on that day who joins today."""

    code = "birth_date_impossible"
    zh = "出生日期有误。"
    en = "Nobody who joins today was born on that day."


class BirthDateKept(Conflict):
    """A date of birth on record is corrected by an officer."""

    code = "birth_date_kept"
    zh = "出生日期已登记，如有误请联系站点更正。"
    en = "Another date of birth is on record; the site corrects it."


class GuardianMissing(Malformed):
    """A minor names the member who answers for her."""

    code = "guardian_missing"
    zh = "未成年人须登记监护人（成年会员）。"
    en = "A minor names a guardian, who is an adult member."


class NotAGuardian(Conflict):
    """The member named cannot be a guardian: no person, not active, of unknown age, a minor, or oneself."""

    code = "not_a_guardian"
    zh = "该会员不能担任监护人。"
    en = "This member cannot be a guardian."


class StudentTaken(Conflict):
    """The student's number belongs to another member."""

    code = "student_taken"
    zh = "该学校的这个学号已登记。"
    en = "This student's number of this school is registered already."


class NotAStudent(Conflict):
    """School and number are those of the membership, and she is a member in another way."""

    code = "not_a_student"
    zh = "该会员不是学生会员：请先以学生身份登记学校和学号。"
    en = "She is no student member: join as a student first, with school and number."


class StudentNotProved(Conflict):
    """School and number were told, and no officer has seen a paper of them yet."""

    code = "student_not_proved"
    zh = "学校和学号尚待工作人员核验证件，核验后方可开具证明。"
    en = "School and student number wait for an officer to see a paper of them; certificates are issued after that."


class StudentProved(Conflict):
    """Somebody saw a paper of it, or the bank that was imported answers for her: what changes is told anew."""

    code = "student_proved"
    zh = "学校和学号已核实；如有变更，请重新申报。"
    en = "School and number were proved; if they have changed, tell the new ones."


class StudentKept(Conflict):
    """School and number on record are changed by a request that an officer confirms."""

    code = "student_kept"
    zh = "已登记其他学校或学号：请提交变更申请，由工作人员核实。"
    en = "Another school or number is on record: ask for the change, and an officer confirms it."


class StudentUnchanged(Conflict):
    """School and number are those of the membership."""

    code = "student_unchanged"
    zh = "学校和学号与登记的一致，无须变更。"
    en = "School and number are the ones on record; there is nothing to change."


class NotAVolunteer(Conflict):
    """Whoever acts for a group checks in for it, as a volunteer does."""

    code = "contact_not_a_volunteer"
    zh = "团体联系人须为志愿者账户。"
    en = "A group's contact is a volunteer's account."


class TrainingMissing(Conflict):
    """The city asks for a training that is valid on the day of the task."""

    code = "training_missing"
    zh = "请先完成岗前培训，且培训在服务当日有效。"
    en = "Pass the induction first; it must be valid on the day of the task."


class TrainingPeriod(Malformed):
    """A training that is not over yet, or that ends before it was passed."""

    code = "training_period"
    zh = "培训日期有误。"
    en = "The dates of the training cannot be."


class InsurancePeriod(Malformed):
    """An insurance that ends before it begins."""

    code = "insurance_period"
    zh = "保险起止日期有误。"
    en = "The insurance ends before it begins."


class CauseMissing(Malformed):
    """An incident comes from a task or from something that has a name."""

    code = "cause_missing"
    zh = "请注明相关任务或事由编号。"
    en = "Name the task, or the number of the complaint, that this comes from."


class NotTheirTask(Conflict):
    """The task was never this member's."""

    code = "not_their_task"
    zh = "该任务与此会员无关。"
    en = "This member never took that task."


class OwnIncident(Conflict):
    """Nobody records or decides in a matter of one's own."""

    code = "own_incident"
    zh = "不能处理与本人有关的记录。"
    en = "Nobody decides in a matter of one's own."


class SuspensionPeriod(Malformed):
    """A suspension that would end before it begins."""

    code = "suspension_period"
    zh = "暂停的截止时间须在现在之后。"
    en = "A suspension ends after now."


class SuspendedAlready(Conflict):
    """One suspension by hand at a time: it is lifted before another is imposed."""

    code = "suspended_already"
    zh = "该会员已被工作人员暂停，请先解除。"
    en = "An officer's suspension is in force already; lift it first."


class AppealTooLate(Conflict):
    """An appeal is made once, within its time."""

    code = "appeal_too_late"
    zh = "申诉期限已过或已申诉过（截止 {appeal_until}）。"
    en = "The time to appeal is over, or an appeal was made already; it ran until {appeal_until}."


class BalanceNotEmpty(Conflict):
    """An account closes at zero: what it holds is given away or inherited first."""

    code = "balance_not_empty"
    zh = "账户尚有 {balance_minutes} 分钟（其中冻结 {held_minutes} 分钟），请先转出，或选择转入公共池。"
    en = "The account has {balance_minutes} minutes, {held_minutes} of them set aside; give them away, or to the pool."


class TasksUnsettled(Conflict):
    """Tasks that began and are not credited yet come first."""

    code = "tasks_unsettled"
    zh = "还有 {count} 项已开始的任务尚未结算。"
    en = "Tasks that have begun are not settled yet: {count}."


class WardsLeft(Conflict):
    """Whoever answers for minors names another guardian for them first."""

    code = "wards_left"
    zh = "您仍是 {count} 名未成年会员的监护人。"
    en = "You are still the guardian of {count} members."


class MembershipEnded(Forbidden):
    """The membership was ended by sanction; joining again takes an appeal."""

    code = "membership_ended"
    zh = "会员资格已因违规终止。"
    en = "The membership was ended by sanction."


class DelegationMissing(Forbidden):
    """The elder lets this person see her, and her grant covers not what was asked."""

    code = "delegation_missing"
    zh = "老人的授权不包括此项操作，所需授权：{scope_zh}（{scope}）。"
    en = "The elder's grant does not cover this; it takes the scope: {scope}."

    def _words(self, language: Language) -> dict[str, object]:
        return {**super()._words(language), "scope_zh": SCOPES_ZH.get(str(self.data.get("scope")), "-")}


class NeverDelegated(Forbidden):
    """The elder lets this person see her; but what was asked is hers alone, whatever her grant covers."""

    code = "never_delegated"
    zh = "此项只能由老人本人或社区工作人员办理，不在家属授权之内。"
    en = "Only she herself or a community officer may do this; no grant of hers covers it."


class ReasonMissing(Malformed):
    """Who acts for somebody else, or for a pool, says why."""

    code = "reason_missing"
    zh = "代他人办理时请说明原因。"
    en = "Say why when you act for somebody else."


class OwnBenefit(Forbidden):
    """Nobody acts for a member, or agrees, to one's own benefit."""

    code = "own_benefit"
    zh = "不得为本人利益代办或审批。"
    en = "Nobody acts or agrees to one's own benefit."
