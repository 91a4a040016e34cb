"""Plainly invented people and organisations.

The first character of every given name says that it is made up (拟 "simulated", 例 "example" ...), the second one is
chosen by gender. Telephone numbers come from the block 199 0000 0000-9999, identity numbers from the region 999999,
which is assigned to nowhere. An index 0-9999 makes each person's numbers unique: callers give every group of people a
range of its own.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Literal

from marketplace.demo.geography.place_names import Name

Gender = Literal["female", "male"]

PEOPLE = 10_000  # as many as the telephone block has numbers
IDENTITY_REGION = "999999"
ELDERS_BORN = (date(1930, 1, 1), date(1962, 12, 31))

_SURNAMES = (
    "赵 Zhao,钱 Qian,孙 Sun,李 Li,周 Zhou,吴 Wu,郑 Zheng,王 Wang,冯 Feng,陈 Chen,褚 Chu,卫 Wei,蒋 Jiang,沈 Shen,韩 Han,"
    "杨 Yang,朱 Zhu,秦 Qin,尤 You,许 Xu,何 He,吕 Lyu,施 Shi,张 Zhang,孔 Kong,曹 Cao,严 Yan,华 Hua,金 Jin,魏 Wei"
)
_MADE_UP = "拟 Ni,例 Li,样 Yang,示 Shi,设 She,虚 Xu,试 Shi,演 Yan"
_FEMALE = (
    "梅 mei,兰 lan,菊 ju,荷 he,莲 lian,桂 gui,芸 yun,芝 zhi,燕 yan,鹂 li,虹 hong,霞 xia,珠 zhu,玉 yu,琴 qin,绢 juan"
)
_MALE = (
    "松 song,柏 bai,山 shan,川 chuan,岳 yue,峰 feng,江 jiang,海 hai,"
    "鹏 peng,驹 ju,雷 lei,钟 zhong,石 shi,木 mu,舟 zhou,犁 li"
)
_ORGANISATIONS = (
    "安康 Ankang,慈和 Cihe,乐龄 Leling,福泽 Fuze,长青 Changqing,"
    "暖阳 Nuanyang,孝行 Xiaoxing,颐年 Yinian,同心 Tongxin,和风 Hefeng"
)

_BIRTHDAY_LANES = 20
_SEQUENCES = 500  # of three digits, half are odd (male) and half even (female)
_CHECK_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does not exist."""

    name: Name
    gender: Gender
    born_on: date
    phone: str
    identity_number: str


def persons(
    seed: int,
    count: int,
    *,
    first_index: int = 0,
    born: tuple[date, date] = ELDERS_BORN,
    female_share: float = 0.6,
) -> tuple[Person, ...]:
    """That many people born between the two days (both inclusive), numbered from `first_index`.

    Each is made from the seed and its index alone: the same index gives the same person in any group. Phones and
    identity numbers never repeat within one seed. Raises ValueError for an index outside 0-9999
    or fewer than 20 birthdays to choose from.
    """
    if first_index < 0 or count < 0 or first_index + count > PEOPLE:
        raise ValueError(f"indices {first_index} to {first_index + count - 1} are not within 0 to {PEOPLE - 1}")
    if (born[1] - born[0]).days + 1 < _BIRTHDAY_LANES:
        raise ValueError(f"birthdays need at least {_BIRTHDAY_LANES} days to choose from")
    return tuple(_person(seed, k, born, female_share) for k in range(first_index, first_index + count))


def organisation_names(seed: int, count: int) -> tuple[Name, ...]:
    """That many different names of home-care organisations. Raises ValueError for more than are invented."""
    stock = [item.split(" ") for item in _ORGANISATIONS.split(",")]
    if not 0 <= count <= len(stock):
        raise ValueError(f"{count} organisations asked for, {len(stock)} are invented")
    chosen = Random(f"organisations {seed}").sample(stock, count)
    return tuple(Name(f"示例{zh}居家养老服务公司", f"Example {en} Home Care") for zh, en in chosen)


def phone(index: int) -> str:
    """The mobile number of an index, in E.164: +86 199 0000 xxxx."""
    if not 0 <= index < PEOPLE:
        raise ValueError(f"index {index} is not within 0 to {PEOPLE - 1}")
    return f"+861990000{index:04d}"


def identity_number(born_on: date, sequence: int) -> str:
    """18 digits by GB 11643-1999 for a birthday and a sequence of 0-999, odd for men; the last is the check digit."""
    body = f"{IDENTITY_REGION}{born_on:%Y%m%d}{sequence:03d}"
    return body + check_digit(body)


def check_digit(body: str) -> str:
    """The check digit of the 17 digits before it (ISO 7064, MOD 11-2): a digit or X."""
    return _CHECK_DIGITS[sum(w * int(d) for w, d in zip(_CHECK_WEIGHTS, body, strict=True)) % 11]


def _person(seed: int, index: int, born: tuple[date, date], female_share: float) -> Person:
    random = Random(f"person {seed} {index}")
    gender: Gender = "female" if random.random() < female_share else "male"
    born_on = _birthday(random, index // _SEQUENCES, born)
    sequence = 2 * (index % _SEQUENCES) + (gender == "male")
    return Person(_name(random, gender), gender, born_on, phone(index), identity_number(born_on, sequence))


def _birthday(random: Random, lane: int, born: tuple[date, date]) -> date:
    """A day of that lane: people of different lanes never share one, people of one lane differ in their sequence."""
    day = born[0] + timedelta(days=random.randrange((born[1] - born[0]).days + 2 - _BIRTHDAY_LANES))
    return day + timedelta(days=(lane - day.toordinal()) % _BIRTHDAY_LANES)


def _name(random: Random, gender: Gender) -> Name:
    lists = (_SURNAMES, _MADE_UP, _FEMALE if gender == "female" else _MALE)
    picked = [random.choice(text.split(",")).split(" ") for text in lists]
    (sur_zh, sur_en), (one_zh, one_en), (two_zh, two_en) = picked
    return Name(sur_zh + one_zh + two_zh, f"{sur_en} {one_en}{two_en}")
