"""Messages in eight kinds of writing, and queries about them."""

from random import Random
from typing import Final

LINES: Final = (
    # English
    "Deployed the new build to staging, rollback took two minutes.",
    "The deployment did not start: disk full on node-7.",
    "did anyone start the release notes? The release is on Friday.",
    "Release notes: https://wiki.example.org/Release/Notes?draft=secretword#top",
    "naïve café résumé, co\u00adoperation in Zürich",
    "I can't reproduce it. Won't fix?",
    "ben and @ada.l please review, mail ben@example.org",
    "@Ben: the meeting is at 10:30, room B-12",
    "THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG",
    "the the the the dog",
    # German
    "Die Straße zum Hausbau ist gesperrt, Häuser folgen.",
    "Übergrößenträger grüßen aus der STRASSE",
    "Haus und Hof, Haustür offen",
    "Das Fußballspiel läuft, Maßnahme beschlossen",
    # Russian
    "Релиз выкатили на стенд, ёлка стоит",
    "Елка и ежик: релизы каждую неделю",
    "Сервер не отвечает, перезапустите сервис",
    # Chinese
    "新版本已经发布，请更新服务器",
    "服务器今天更新版本",
    "我们明天开会讨论版本问题",
    "人",
    "第 1 章 开始",
    "版 本 分开写",
    # Japanese
    "サーバーを再起動してください",
    "ｻｰﾊﾞｰが落ちました。がっかり",
    "かっこいいデザイン、スーパー",
    "東京タワーで会いましょう",
    # Korean
    "서버 업데이트를 배포했습니다",
    "회의는 내일 오전입니다",
    # Arabic, Hebrew, Hindi, Thai
    "تم نشر الإصدار الجديد على الخادم",
    "مَرْحَبًا بالجميع، الخادم لا يعمل",
    "הגרסה החדשה שוחררה",
    "नया संस्करण जारी किया गया है",
    "เซิร์ฟเวอร์ใหม่พร้อมแล้ว",
    # code
    "`E_CONN_RESET` in fooBar.baz() -> None",
    "```python\ndef parse_query(text: str) -> list[Part]:\n    return http://localhost:8000/api/v1?x=1\n```",
    "SELECT * FROM words WHERE words MATCH '\"a\" AND b*' -- drop",
    "see http://user:hunter2@host.example:8080/path/to_file.txt#frag and ftp://old.example/x",
    "path /usr/local/bin, IPv6 http://[::1]:9000/status",
    "x2 y10 3.14159 ½ № ﬁne Ⅷ",
    # emoji
    "🚀 deployed 🎉🎉 👍🏽",
    "👩‍👩‍👧 family ❤️ release",
    "🎉",
    "word🎉word2 🇩🇪 flag",
)
"""Enough for every rule; the world repeats and mixes them."""

FILES: Final = (
    ("release-notes.pdf", "application/pdf"),
    ("Häuser am Hof.JPG", "image/jpeg"),
    ("服务器版本.png", "image/png"),
    ("the lazy dog.txt", "text/plain"),
)
"""Names and types of attached files."""

QUERIES: Final = (
    *["deploy", "deployed", "deployment", "Deploy", "DEPLOYED", "dep", "de", "d", "the", "start", '"start"', '"did', "not", 'start"', '"not', 'did"', "node-7", "node", '"node', '7"', "release", "rel", '"release', 'notes"', '"notes', 'release"', "notes", "wiki.example.org", "secretword", "draft", "top", "Release/Notes", "naive", "café", "CAFE", "resume", "resumé", "cooperation", "zurich", "zürich", "can't", "cant", "can", "fix", "ben", "@ben", "@be", "@b", "@ada.l", "@ada", "ada.l", "example.org", "ben@example.org", "10:30", "room", "B-12", "quick", "fox", "lazy", '"lazy', 'dog"', '"the', 'the"', "strasse", "Straße", "straße", "stras", "haus", "hausbau", "häuser", "hauser", "hof", '"haus"', "Maßnahme", "massnahme", "fuß", "fussball", "übergrößen", "ubergrossen", "релиз", "релизы", "ёлка", "елка", "ежик", "ёжик", "Сервер", "сервис", "серв", "版本", "版", "本", "新版本", "本已", "服务器", "服务", "务器今", "更新版本", "更新", "人", "第", "章", "开始", "第1章", '"第', "1", '章"', "分开写", "版本更新", "サーバー", "ｻｰﾊﾞｰ", "サーバ", "ー", "が", "か", "がっかり", "かっこいい", "再起動", "東京タワー", "東京", "タワー", "京タ", "スーパー", "서버", "업데이트", "업데", "서", "회의", "배포했", "الخادم", "خادم", "نشر", "مرحبا", "مَرْحَبًا", "بالجميع", "הגרסה", "גרסה", "संस्करण", "संस्कर", "नया", "เซิร์ฟเวอร์", "ใหม่", "E_CONN_RESET", "e_conn", "econn", "conn", "fooBar", "foobar", "baz", "parse_query", "parse", "query", "python", "localhost", "8000", "api", "v1", "x=1", "match", "select", "drop", "words", "hunter2", "user", "host.example", "path", "to_file.txt", "frag", "ftp", "old.example", "::1", "9000", "status", "usr/local", "x2", "x", "y10", "y1", "3.14159", "3.14", "½", "1⁄2", "№", "no", "ﬁne", "fine", "Ⅷ", "viii", "🚀", "🎉", "👍🏽", "❤️", "family", "flag", "word", "word2", "wor"],
    "deployed staging", "deploy -staging", "-deploy", "-\"release notes\" release", "-版本 服务器", "服务器 版本",
    "the -the", "release -@ada", "\"\"", "\"", "-", "--", "- -", "\"did not", "start \"did not", "deploy \"new build\"", "foo\"new build\"",
    "has:link", "has:link wiki", "has:file", "has:image", "has:nothing", "has:link has:file", "is:dm", "is:pinned", "is:thread",
    "is:dm deploy", "has:file release", "has:image has:link", "has:file -has:image", "jpg", "hof.jpg", "\"am hof\"", "\"lazy dog txt\"", "版本.png", "pdf -release", "is:pinned is:dm", "has:link is:dm", "-has:link", "-from:ada", "unknown:thing", "https://wiki.example.org/Release",
    "https://wiki.example.org/Release/Notes?draft=other#else", "from:", "from: deploy", "from:nobody", "in:nowhere", "before:never",
    "after:2026-13-45", "before:2999-01-01", "after:1999-12-31 deploy", "on:1999-12-31", "before:2999-01-01 before:1999-01-01 release",
    "after:1999-01-01 before:2999-01-01 -deploy", "HAS:LINK", "Has:Link WIKI", "is:PINNED", "deploy　staging", "deploy\u00a0staging",
    "' OR 1=1 --", "\"; DROP TABLE doc; --", "a* NEAR(b c)", "words MATCH", "NOT AND OR", "NOT deploy", "deploy OR fox", "body:deploy", "^deploy",
    "deploy*", "(deploy", "deploy)", "{deploy}", "r_1", "u_1", "h_link", "m_ben", "c_人", "_repeats", "'a' & 'b' | !c", "a:* <-> b",
    "\\", "\\'", "%", "_", "\x00deploy", "deploy\x00", "\ud83d\ude80".encode("utf-16", "surrogatepass").decode("utf-16"), "$$deploy$$", ":*", "!deploy",
)  # fmt: skip


def texts(random: Random, count: int) -> list[str]:
    """Lines of the corpus, each at least once, and mixtures of them."""
    made = list(LINES)
    while len(made) < count:
        first, second = random.choice(LINES), random.choice(LINES)
        cut = random.randrange(len(second) + 1)
        made.append(first if random.random() < 0.3 else f"{first}\n{second[:cut]}".strip() or first)
    random.shuffle(made)
    return made


def queries(random: Random, count: int) -> list[str]:
    """Every query of the corpus, and pairs of them."""
    made = list(dict.fromkeys(QUERIES))
    while len(made) < count:
        made.append(f"{random.choice(QUERIES)} {random.choice(('', '-'))}{random.choice(QUERIES)}")
    return made
