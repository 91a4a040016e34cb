"""What certificates refuse."""

from marketplace.base.errors import Conflict, Malformed


class NothingToCertify(Conflict):
    """The period holds no verified minute that is not certified already."""

    code = "nothing_to_certify"
    zh = "该期间没有可开具证明的时间：已核实 {verified_minutes} 分钟，其中已开具证明 {certified_minutes} 分钟。"
    en = "Nothing to certify: {verified_minutes} minutes are verified, {certified_minutes} of them certified already."


class StudentDiffers(Conflict):
    """What is to be printed is not what stands in the membership."""

    code = "student_differs"
    zh = "所填{field_zh}与会员登记不一致：请先更正会员登记，再开具证明。"
    en = "The {field_en} differs from her membership's: correct that first, then ask again."


class MinutesSpent(Conflict):
    """Certified minutes are taken from the account, which does not hold that many any more."""

    code = "minutes_spent"
    zh = "余额不足：开具证明需扣除 {needed_minutes} 分钟，可用 {available_minutes} 分钟。"
    en = "A certificate takes {needed_minutes} minutes from the account; {available_minutes} are available."


class CertificateNotInForce(Conflict):
    """The certificate was revoked before."""

    code = "certificate_not_in_force"
    zh = "该证书已被撤销。"
    en = "The certificate has been revoked."


class SigningKeyMissing(Conflict):
    """The program was started without the key that signs certificates."""

    code = "signing_key_missing"
    zh = "系统未配置证书签名密钥。"
    en = "The program has no key to sign certificates with."


class PeriodToCertify(Malformed):
    """The period ends before it begins, in the future, or is longer than a course of study."""

    code = "period_to_certify"
    zh = "证书的起止日期有误：截止日不得晚于今天，最长 {longest_days} 天。"
    en = "The period ends before it begins or after today, or is longer than {longest_days} days."
