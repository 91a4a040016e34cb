"""What is wrong with a row: where, a stable code, and a sentence in both languages."""

from dataclasses import dataclass, field

from marketplace.base.errors import Language

TEXTS: dict[str, tuple[str, str]] = {
    # a whole file
    "wrong_encoding": (
        "文件不是 {encoding} 编码：第 {byte} 个字节起无法读取{hint_zh}",
        "not {encoding}: byte {byte} cannot be read{hint_en}",
    ),
    "file_missing": ("缺少文件 {name}", "the file {name} is missing"),
    "empty_file": ("文件为空", "the file is empty"),
    "wrong_separator": ("分隔符应为逗号，而不是“{found}”", "columns are separated by {found}, not by commas"),
    "quotes_broken": ("引号不配对或字段格式错误，其后内容未读取", "broken quotes or fields; what follows was not read"),
    "zero_byte": ("含有空字符（U+0000）", "the character U+0000 is in the file"),
    "too_many_rows": ("超过 {limit} 行，其后内容未读取", "more than {limit} rows; what follows was not read"),
    "missing_column": ("缺少列 {name}", "the column {name} is missing"),
    "unknown_column": ("未知的列 {name}", "the column {name} is unknown"),
    "doubled_column": ("列 {name} 重复", "the column {name} is there twice"),
    # a row by itself
    "cells": ("应有 {wanted} 列，实有 {found} 列", "{found} cells instead of {wanted}"),
    "empty": ("不能为空", "it is empty"),
    "too_long": ("超过 {longest} 个字符", "longer than {longest} characters"),
    "unprintable": ("含有不可打印的字符", "characters that cannot be printed"),
    "not_a_date": ("不是日期（应为 2026-03-31）", "not a date (2026-03-31)"),
    "in_future": ("日期晚于今天", "a date after today"),
    "too_early": ("日期早于 1900 年", "a date before 1900"),
    "not_minutes": ("不是整数分钟", "not a whole number of minutes"),
    "fractional_minutes": ("分钟数不能有小数", "a fraction of a minute"),
    "negative_minutes": ("分钟数不能为负", "negative minutes"),
    "no_minutes": ("分钟数须大于零", "no minutes"),
    "huge_minutes": ("分钟数过大（上限 {limit}）", "more than {limit} minutes"),
    "not_a_phone": ("不是电话号码", "not a telephone number"),
    "unknown_kind": ("未知的类别，应为 {known}", "an unknown kind; there are {known}"),
    "unknown_gender": ("未知的性别，应为 {known}", "an unknown gender; there are {known}"),
    "group_size": ("团体人数应为 2 至 {most}", "a group counts 2 to {most} people"),
    "under_age": (
        "未满 18 岁：类别应为 minor（未成年人），并填写监护人",
        "under 18: her kind is minor, with a guardian",
    ),
    "of_age": ("已满 18 岁：类别应为 individual（个人）", "of age: the kind is individual"),
    "guardian_missing": ("未满 18 岁的学生须填写监护人编号", "a student under 18 names a guardian"),
    "unknown_district": ("未知的区", "no such district"),
    "joined_before_birth": ("加入日期早于出生日期", "joined before birth"),
    "nobody": ("转出方与转入方均为空", "neither giver nor receiver"),
    "self_transfer": ("转出方与转入方相同", "giver and receiver are the same"),
    # rows together, and what is here already
    "doubled_id": ("编号与第 {line} 行重复", "the same id as in line {line}"),
    "doubled_phone": ("电话与第 {line} 行重复", "the same telephone number as in line {line}"),
    "doubled_key": ("记录号与第 {line} 行重复", "the same key as in line {line}"),
    "doubled_balance": ("会员余额与第 {line} 行重复", "the same member as in line {line}"),
    "doubled_student": ("学校和学号与第 {line} 行重复", "the same school and student number as in line {line}"),
    "guardian_unknown": (
        "监护人须是本文件中的成年个人、学生或老人",
        "a guardian is an adult of this file: an individual, a student or an elder",
    ),
    "contact_unknown": (
        "联系人须是本文件中的成年个人或学生",
        "a contact is an adult of this file: an individual or a student",
    ),
    "phone_taken": (
        "该电话已有账户：请核对电话，或请本人在此加入后从文件中删去",
        "the telephone number has an account already: correct it, or let her join here and take her out of the files",
    ),
    "student_taken": (
        "该校此学号已是时间银行会员：请核对，或从文件中删去",
        "this school's number is a member's already: correct it, or take her out of the files",
    ),
    "elder_unknown": (
        "未找到此电话和姓名的已登记老人：请先登记（POST /v1/elders），或改正姓名、电话",
        "no elder of this name and number: register her first (POST /v1/elders), or correct name or number",
    ),
    "elder_ambiguous": (
        "有 {count} 位同名同电话的已登记老人：请先更正其登记",
        "{count} elders of this name and number: correct their records first",
    ),
    "elder_elsewhere": ("该老人登记在其他区", "the elder is registered in another district"),
    "member_already": ("已是时间银行会员", "a member of the time bank already"),
    "unknown_member": ("未知的会员编号", "no such member in members.csv"),
    "after_balance": ("晚于余额日期 {day}", "after the day of the balance, {day}"),
    "balance_differs": (
        "余额 {balance} 与历史合计 {history} 不符",
        "the balance is {balance}, its history makes {history}",
    ),
    "below_zero": ("历史合计为负：{history}", "its history makes {history}"),
    "above_cap": ("余额超过上限 {cap}", "above the cap of {cap}"),
    "period_closed": ("该日期所在的账期已关闭", "the books are closed for this day"),
}


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong. `line` 1 is the header, 0 the whole file; `column` is as the file calls it."""

    file: str
    line: int
    column: str
    code: str
    data: dict[str, object] = field(default_factory=dict, compare=False)

    def sentence(self, language: Language) -> str:
        """What is wrong, in words."""
        return TEXTS[self.code][0 if language == "zh" else 1].format(**self.data)
