"""The catalogue as text: for people who check the list, and for the page that must rank alike."""

import json

from vwindow.catalogue.groups import GroupList
from vwindow.catalogue.items import ItemList
from vwindow.catalogue.rules import RuleBook
from vwindow.catalogue.search import Index

QUERIES = (
    "111", "11", "6", "0", "195", "196", "公积金", "公积金查询", "公积金 查询", "医保", "医保余额",
    "异地就医", "社保卡", "新版社保卡申领", "驾驶证", "驾照", "身份证", "户籍", "婚姻", "公证",
    "公证 驾驶", "律师", "退休", "养老", "酒类零售许可证 审批", "酒类零售许可证审批新办", "6年免检",
    "检验合格标志-6年", "基本养老保险－参加", "《营业性演出许可证》", "（本人）", "不动产", "银行",
    "gjj", "GJJ", "ＧＪＪ", "gjjcx", "gongjijin", "gong ji jin", "gongjijinchaxun", "gongjijincx",
    "gongji", "ongji", "gjjdk", "gjjdaik", "公积金dk", "公jijin", "ydjy", "yidijiuyi", "yiliaobaoxian",
    "xbsbksl", "xinbansheb", "sbk", "nzyxgssl", "neiziyouxiangongsi", "dlzs", "lvshi", "lüshi", "LÜSHI",
    "lu:shi", "hangye", "chongxin", "huankuan", "haikuan", "hebao", "canbao", "hefa", "zzhu", "ship",
    "ship safety", "housing", "housing loan", "Bachelor's degree", "notar", "pension", "transport",
    "second-hand", "company branch", "gongzheng", "qyd", "企业登记", "车辆", "vehicles", "gjj 打印 异地",
    "gjj loan", "打印 gjj", "   ", "", "?!", "zzzz", "查 询", "查询", "个人", "变更", "zhuxiao", "zx",
    "x", "a", "公积金贷款 公积金贷款", "提取 房", "e",
)  # fmt: skip
"""What the search vectors ask: numbers, words, pinyin, initials, mixtures, English, nonsense."""

TOP = 12
"""So many results of a query are compared."""


def export_json() -> str:
    """Return all items with their default rule as JSON, in the standard's order."""
    items, rules = ItemList.load(), RuleBook.load()
    rows = []
    for item in items:
        rule = rules.rule(item.number, "*")
        row = item.model_dump(exclude={"syllables"})
        rows.append(row | {"virtual": rule.virtual, "mode": rule.mode, "confirmed": rule.confirmed})
    return json.dumps({"version": items.version, "items": rows}, ensure_ascii=False, indent=2) + "\n"


def export_vectors() -> str:
    """Return the search vectors as JSON: the first results of each query, and how many there are."""
    items, groups = ItemList.load(), GroupList.load()
    index = Index(items, groups)
    rows = []
    for query in QUERIES:
        found = index.search(query)
        rows.append({"query": query, "top": found[:TOP], "count": len(found)})
    return "[\n" + ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"
