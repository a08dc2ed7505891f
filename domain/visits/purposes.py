"""What a visit can be for, and what a household may need: words of the trade, chosen as tags (003-05)."""

from collections.abc import Mapping

PURPOSES: Mapping[str, str] = {
    "visit": "大走访",
    "check": "大排查",
    "aid": "大帮扶",
    "industry": "大产业",
    "outreach": "大宣讲",
    "patrol": "平安巡逻",
    "dispute": "矛盾调解",
    "follow_up": "回访",
    "care": "关爱探望",
    "plate": "门牌安装",
    "other": "其他",
}

# A need in an open word: the household's wish, never a label of a person (docs: ethics).
NEEDS: Mapping[str, str] = {
    "poverty_return": "防返贫帮扶",
    "relief": "低保救助",
    "medical": "看病就医",
    "schooling": "上学助学",
    "housing": "住房修缮",
    "water": "饮水用电",
    "job": "就业务工",
    "industry": "产业发展",
    "dispute": "矛盾调解",
    "legal_aid": "法律援助",
    "care": "养老照料",
    "counselling": "心理疏导",
    "errand": "代办事项",
    "other": "其他需求",
}

REFERRED = frozenset({"poverty_return", "relief"})

OUTCOMES: Mapping[str, str] = {"met": "见到了人", "absent": "没人在家", "declined": "不便接待"}


def tag(given: str, known: Mapping[str, str]) -> str | None:
    """The code of a tag given as code or in Chinese (with or without its tail, as in 防返贫); None for an unknown."""
    word = given.strip()
    if word in known:
        return word
    return next((code for code, name in known.items() if word and (name == word or name.startswith(word))), None)
