"""Invented names for real geometry: regions are called after plants and moods, roads after two invented syllables.

The extract's own names are only keys: pieces of road that share one also share the invented one. Each road of the city
has a name of its own; the order in which names are given out is fixed, so a name never depends on a seed.
"""

from dataclasses import dataclass
from functools import cache
from random import Random

from marketplace.demo.geography.extract import read_extract


@dataclass(frozen=True, slots=True)
class Name:
    """The same name in Chinese and in English."""

    zh: str
    en: str


CITY = Name("六助市", "Liuzhu City")

_DISTRICTS = "云杉 Yunshan,石榴 Shiliu,芦花 Luhua,银杏 Yinxing,枇杷 Pipa,蜡梅 Lamei"
_STREETS = (
    "晨光 Chenguang,晚晴 Wanqing,听雨 Tingyu,望舒 Wangshu,归燕 Guiyan,问渠 Wenqu,"
    "知春 Zhichun,抱朴 Baopu,拾光 Shiguang,含章 Hanzhang,流萤 Liuying,踏歌 Tage"
)
_COMMUNITIES = (
    "一苇 Yiwei,二月兰 Eryuelan,三叶 Sanye,四时 Sishi,五味 Wuwei,六出 Liuchu,七弦 Qixian,八音 Bayin,"
    "九歌 Jiuge,十样锦 Shiyangjin,半夏 Banxia,双桨 Shuangjiang,小满 Xiaoman,大暑 Dashu,白露 Bailu,秋分 Qiufen,"
    "谷雨 Guyu,芒种 Mangzhong,惊蛰 Jingzhe,清秋 Qingqiu,迎夏 Yingxia,藏冬 Cangdong,暖冬 Nuandong,早春 Zaochun"
)
_ROAD_FIRST = (
    "松 Song,柏 Bai,桐 Tong,枫 Feng,槐 Huai,榆 Yushu,桑 Sang,梨 Li,杏 Xing,桃 Tao,荷 He,菱 Ling,芦 Lu,苇 Wei,"
    "兰 Lan,菊 Ju,竹 Zhu,梅 Mei,茶 Cha,麦 Mai,稻 Dao,豆 Dou,葵 Kui,芸 Yun,蕉 Jiao,藤 Teng,萝 Luo,蒲 Pu"
)
_ROAD_SECOND = (
    "影 Ying,声 Sheng,月 Yue,露 Lu,霜 Shuang,雪 Xue,雨 Yu,云 Yun,霞 Xia,虹 Hong,溪 Xi,泉 Quan,"
    "汀 Ting,渚 Zhu,笛 Di,琴 Qin,棋 Qi,书 Shu,画 Hua,鹤 He,雁 Yan,燕 Yanzi,鹭 Luzi,萤 Yinghuo"
)


def district_names() -> list[Name]:
    """Six names of districts."""
    return _suffixed(_DISTRICTS, "区", "District")


def street_names() -> list[Name]:
    """Twelve names of streets, the region between district and community."""
    return _suffixed(_STREETS, "街道", "Street")


def community_names() -> list[Name]:
    """Twenty-four names of communities."""
    return _suffixed(_COMMUNITIES, "社区", "Community")


def kitchen_names() -> list[Name]:
    """Three names of kitchens."""
    return _suffixed("米香 Mixiang,热汤 Retang,灶火 Zaohuo", "助餐厨房", "Kitchen")


@cache
def road_names() -> dict[str, Name]:
    """The invented name of every named road of the extract, by its key; no two alike in either language."""
    keys = sorted({road.name_key for road in read_extract().roads if road.name_key})
    syllables = [
        (a_zh + b_zh, a_en + b_en.lower()) for a_zh, a_en in _pairs(_ROAD_FIRST) for b_zh, b_en in _pairs(_ROAD_SECOND)
    ]
    kinds = (("路", "Road"), ("巷", "Lane"))
    stock = [Name(zh + kind, f"{en} {kind_en}") for kind, kind_en in kinds for zh, en in syllables]
    Random("road names").shuffle(stock)
    if len(keys) > len(stock):
        raise ValueError(f"{len(keys)} roads need names, {len(stock)} are invented")
    return dict(zip(keys, stock, strict=False))


def _pairs(text: str) -> list[tuple[str, str]]:
    return [(zh, en) for zh, en in (item.split(" ") for item in text.split(","))]


def _suffixed(text: str, zh_kind: str, en_kind: str) -> list[Name]:
    return [Name(zh + zh_kind, f"{en} {en_kind}") for zh, en in _pairs(text)]
