"""What an import refuses."""

from marketplace.base.errors import Conflict, Malformed


class BankHasProblems(Conflict):
    """The files do not fit: the dry run names every row. Nothing was changed."""

    code = "bank_has_problems"
    zh = "导入文件有 {problems} 处问题，未作任何更改；请先试运行查看。"
    en = "The files have {problems} problems and nothing was changed; the dry run names each."


class HereChanged(Conflict):
    """Since the bank was judged somebody joined or registered: rows do not fit any more. Nothing of it was kept."""

    code = "here_changed"
    zh = "自试运行以来情况有变：{problems} 处不再相符，请重新试运行。"
    en = "Something changed here since the dry run: {problems} rows do not fit any more; make it again."


class ImportBegunAnew(Conflict):
    """Since this process read the files, others stopped the import and began it anew. The next try reads them again."""

    code = "import_begun_anew"
    zh = "该导入已被停止并重新开始，请重试。"
    en = "The import was stopped and begun anew meanwhile; try again."


class ReportStale(Conflict):
    """The token is of other files, or what the report promised is no longer so."""

    code = "report_stale"
    zh = "与试运行报告不符，请重新试运行。"
    en = "This does not fit the report any more; make the dry run again."


class NotBase64(Malformed):
    """A file's content cannot be read."""

    code = "not_base64"
    zh = "文件 {name} 的内容不是有效的 Base64。"
    en = "The content of {name} is not base64."


class ImportOnItsWayOut(Conflict):
    """These files came in before and are being taken back."""

    code = "import_on_its_way_out"
    zh = "该批文件的导入正在撤销，撤销完成后可重新导入。"
    en = "The import of these files is being taken back; once that is done they may come in again."


class MemberInTransit(Conflict):
    """The bank that the member came with is on its way in or out: her membership is not ended meanwhile."""

    code = "member_in_transit"
    zh = "该会员随导入的时间银行而来，导入或撤销尚未结束，请待其结束后再办理。"
    en = "The bank that she came with is on its way in or out; once that has ended, ask again."


class ImportUnderWay(Conflict):
    """An import that runs is not taken back: it ends or stops first."""

    code = "import_under_way"
    zh = "导入正在进行，结束或停止后才能撤销。"
    en = "The import is under way; it can be taken back once it is done or stopped."


class ImportInUse(Conflict):
    """Members of the import have done something since: the dry run names each. Nothing was changed."""

    code = "import_in_use"
    zh = "导入后已有 {obstacles} 处使用，不能撤销，未作任何更改；请先试运行查看。"
    en = "It is in use in {obstacles} places and nothing was changed; the dry run names each."


class ImportUndoEnding(Conflict):
    """It was on its way out, a member did something before her turn, and those who are out are being let in again.

    `steps` are still to come, `state` is what the import will be then: done or stopped, as before.
    """

    code = "import_undo_ending"
    zh = (
        "撤销已中止：途中会员已有使用（{obstacles} 处）。已停用的会员正在恢复（还有 {steps} 步），不会冲销任何记账；"
        "恢复后导入状态为 {state}，届时可重新申请撤销。"
    )
    en = (
        "Taking it back was called off: its members did something on the way ({obstacles}). Whoever was shut out is"
        " being let in again ({steps} steps to come), no entry is reversed, and the import will be {state}; ask again"
        " after that."
    )


class ImportUndoCalledOff(Conflict):
    """It was on its way out, and a member did something before her turn. All are in again; nothing was reversed.

    `undone_steps` are those out and in again, `state` is what the import is now: done or stopped, as before.
    """

    code = "import_undo_called_off"
    zh = (
        "撤销已中止：途中会员已有使用（{obstacles} 处）。已停用的会员均已恢复（前后共 {undone_steps} 步），"
        "没有冲销任何记账，导入状态仍为 {state}；请试运行查看。"
    )
    en = (
        "Taking it back was called off: its members did something on the way ({obstacles}). Whoever had been shut"
        " out is in again ({undone_steps} steps out and in), no entry was reversed, and the import is {state} as"
        " before; the dry run names each."
    )
