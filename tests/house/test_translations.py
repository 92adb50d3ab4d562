"""The product is complete in its languages: every text is translated, in the words of the glossary and in the right script."""

import csv
import re
from pathlib import Path

import polib
import pytest
from django.apps import apps
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import override

from backoffice import messages
from backoffice.checks import area_models
from backoffice.menu import MENU, Page
from backoffice.translations import compile_translations
from models.base import words
from models.base.operations import all_operations

PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sdr%]|\{\w*\}|<[^>]+>")
TEMPLATE_TAG = re.compile(
    r"{%\s*blocktranslate\b.*?{%\s*endblocktranslate\s*%}|{%\s*block bodyclass.*?{%\s*endblock[^%]*%}|{%.*?%}|{{.*?}}|{#.*?#}"
    r"|<(script|style|kbd)\b.*?</\1>",
    re.DOTALL,
)
ICON = re.compile(r'<span class="material-symbols-outlined"[^>]*>.*?</span>', re.DOTALL)
SPOKEN = re.compile(r'\b(?:aria-label|title|placeholder|alt)="([^"]*)"')
WORD = re.compile(r"[A-Za-z]{2,}")
SAME_EVERYWHERE = {"CSV", "Excel", "PDF", "xlsx"}
# Letters that only one of the scripts has, pair by pair.
SIMPLIFIED = (
    "万与业丢两个为义产从仓们价优会传体关内写减凭则刚创删别办务动区协单历参发变叠号启员响围国图坏块处备头审对导将尝属币库应废开异弃张归当录径态总户执扩护报担拣拨择损换据数无旧时显暂机权条来标样档检欢汇没浅浏满潜点爱状现电码础"
    "确离种称税笔筛签简类红级纹线组细织经结给绝统继绩绪续维绿编缩网职联脱蓝装见观规视览计订认记许设证识词试话询详语误说请读谁调负财责败账货质购贴费资赊赠赢跃转轮载较辑输达过运还这进远连选邮释针银链销锁错键长门闭问间队阶随隐页"
    "项须预领题颜额验龄买卖东专严临举习书亏仅仪师帮带庆怀恶惯战拟挥摄敌斩杂杀极构枪柜树桥梦毕沟灾灵炉烟热牵犹独猎环疗盖盘监矿积穷竞筹粮纪纯纳纸练绍缓罗罚胜脑艺节荐获营虑虽补袭让讨讲评诉谈谢谱贝贡贫贵贸赔赶趋踪轻轿辆辉辩边迁迟"
    "郑钟钢钱铁铺锅闲闻阅陆陈隶难雇频饮饭馆驱骗鱼鲜鸡齐"
)
TRADITIONAL = (
    "萬與業丟兩個爲義產從倉們價優會傳體關內寫減憑則剛創刪別辦務動區協單歷參發變疊號啓員響圍國圖壞塊處備頭審對導將嘗屬幣庫應廢開異棄張歸當錄徑態總戶執擴護報擔揀撥擇損換據數無舊時顯暫機權條來標樣檔檢歡匯沒淺瀏滿潛點愛狀現電碼礎"
    "確離種稱稅筆篩籤簡類紅級紋線組細織經結給絕統繼績緒續維綠編縮網職聯脫藍裝見觀規視覽計訂認記許設證識詞試話詢詳語誤說請讀誰調負財責敗賬貨質購貼費資賒贈贏躍轉輪載較輯輸達過運還這進遠連選郵釋針銀鏈銷鎖錯鍵長門閉問間隊階隨隱頁"
    "項須預領題顏額驗齡買賣東專嚴臨舉習書虧僅儀師幫帶慶懷惡慣戰擬揮攝敵斬雜殺極構槍櫃樹橋夢畢溝災靈爐煙熱牽猶獨獵環療蓋盤監礦積窮競籌糧紀純納紙練紹緩羅罰勝腦藝節薦獲營慮雖補襲讓討講評訴談謝譜貝貢貧貴貿賠趕趨蹤輕轎輛輝辯邊遷遲"
    "鄭鍾鋼錢鐵鋪鍋閒聞閱陸陳隸難僱頻飲飯館驅騙魚鮮雞齊"
)
FOREIGN = {"zh_Hans": set(TRADITIONAL), "zh_Hant": set(SIMPLIFIED)}
NEVER_SHOWN_MODELS = {"lowcode.NumberCounter"}


@pytest.fixture(scope="module")
def places():
    return messages.collect()


@pytest.fixture(scope="module", params=messages.LANGUAGES)
def catalogue(request):
    file = messages.catalogue(request.param)
    file.language = request.param
    return file


def glossary():
    """{(context, English): {language: term}}."""
    with (Path(__file__).parent / "glossary.csv").open(encoding="utf-8", newline="") as file:
        return {
            (row["context"] or None, row["english"]): {"zh_Hans": row["simplified"], "zh_Hant": row["traditional"]}
            for row in csv.DictReader(file)
        }


def translations(entry):
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def shown_models():
    """The record types of areas and flows."""
    yield from area_models()
    yield from (model for model in apps.get_app_config("flows").get_models() if not hasattr(model, "instance_type"))


def test_every_text_is_translated(places, catalogue):
    known = {(entry.msgctxt, entry.msgid) for entry in catalogue if messages.is_translated(entry)}
    missing = [f"{place}: {text!r}" for (context, text, _plural), place in places.items() if (context, text) not in known]
    assert not missing, f"{len(missing)} texts lack a translation; run “manage.py messages” and fill them in:\n" + "\n".join(
        sorted(missing)
    )


def test_no_translation_is_left_over(places, catalogue):
    wanted = {(context, text) for context, text, _plural in places}
    assert [entry.msgid for entry in catalogue if (entry.msgctxt, entry.msgid) not in wanted or entry.obsolete] == []


def test_no_text_is_put_together_at_run_time():
    assert messages.unreadable() == []


def test_no_text_is_translated_before_the_language_is_known():
    """A text that a module translates while it loads stays in the language of the first who needed the module."""
    assert messages.untimely() == []


def test_placeholders_are_kept(catalogue):
    wrong = []
    for entry in catalogue:
        forms = {frozenset(PLACEHOLDER.findall(text)) for text in (entry.msgid, entry.msgid_plural) if text}
        wrong += [(entry.msgid, text) for text in translations(entry) if text and frozenset(PLACEHOLDER.findall(text)) not in forms]
    assert wrong == []


def test_line_breaks_at_the_ends_are_kept(catalogue):
    for entry in catalogue:
        for text in filter(None, translations(entry)):
            assert (text.startswith("\n"), text.endswith("\n")) == (entry.msgid.startswith("\n"), entry.msgid.endswith("\n")), entry.msgid


def test_each_language_keeps_to_its_script(catalogue):
    foreign = FOREIGN[catalogue.language]
    assert [(text, set(text) & foreign) for entry in catalogue for text in translations(entry) if set(text) & foreign] == []


def test_the_tone_is_ours(catalogue):
    texts = [text for entry in catalogue for text in translations(entry)]
    assert [text for text in texts if any(mark in text for mark in (*messages.FOREIGN_TONE, "操作成功"))] == []


def test_chinese_and_latin_letters_stand_apart(catalogue):
    close = re.compile(r"[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]")
    texts = [PLACEHOLDER.sub("", text) for entry in catalogue for text in translations(entry)]
    assert [text for text in texts if close.search(text)] == []


def test_terms_are_those_of_the_glossary(catalogue):
    known = {(entry.msgctxt, entry.msgid): entry.msgstr for entry in catalogue}
    terms = glossary()
    assert [term for term in terms if term not in known] == []
    assert {term: known[term] for term, words in terms.items() if known[term] != words[catalogue.language]} == {}


def test_screens_show_the_terms():
    """What the catalogue says reaches record types, operations and the menu."""
    terms = {english: words for (context, english), words in glossary().items() if context is None}
    labels = [model._meta.verbose_name for model in shown_models()]
    labels += [operation.label for operation in all_operations()]
    labels += [title for title, _entries in MENU] + [
        entry.label for _title, entries in MENU for entry in entries if isinstance(entry, Page)
    ]
    for code, language in (("zh-hans", "zh_Hans"), ("zh-hant", "zh_Hant")):
        with override("en"):
            english = [str(label) for label in labels]
        with override(code):
            chinese = [str(label) for label in labels]
        pairs = {(a, b) for a, b in zip(english, chinese, strict=True) if a in terms and a != "position"}  # a job's has a context
        assert len(pairs) > 20
        assert [pair for pair in pairs if terms[pair[0]][language] != pair[1]] == []


@pytest.mark.parametrize("code", ["zh-hans", "zh-hant"])
def test_one_and_many_have_the_same_name(code):
    """Chinese knows no plural: a list is called like its records."""
    with override(code):
        names = {
            model._meta.label: {str(model._meta.verbose_name), str(model._meta.verbose_name_plural)}
            for model in shown_models()
            if model._meta.label not in NEVER_SHOWN_MODELS
        }
    assert {label: both for label, both in names.items() if len(both) > 1} == {}


def test_everything_shown_has_a_name_of_its_own():
    """No record type, column or choice is called by a name that Django made up from the code."""
    unnamed = []
    for model in shown_models():
        if model._meta.label in NEVER_SHOWN_MODELS:
            continue
        if not isinstance(model._meta.verbose_name, Promise) or not isinstance(model._meta.verbose_name_plural, Promise):
            unnamed.append(model._meta.label)
        for field in model._meta.local_fields:
            name = f"{model._meta.label}.{field.name}"
            if field.primary_key or field.name in words.TECHNICAL:
                continue
            if not isinstance(field.verbose_name, Promise):
                unnamed.append(name)
            if field.help_text and not isinstance(field.help_text, Promise):
                unnamed.append(f"{name}: {field.help_text}")
            unnamed += [f"{name}: {choice}" for choice in untranslated_choices(field)]
    assert unnamed == []


def untranslated_choices(field):
    """English names of choices that stay English. Languages are called by their own names, signs are the same everywhere."""
    if field.choices is None or list(field.choices) == settings.LANGUAGES:
        return []
    with override("en"):
        english = [str(label) for _value, label in field.flatchoices]
    with override("zh-hans"):
        chinese = [str(label) for _value, label in field.flatchoices]
    return [before for before, after in zip(english, chinese, strict=True) if before == after and WORD.search(before)]


def test_templates_show_nothing_untranslated():
    bare = []
    for folder in messages.FOLDERS:
        for path in (settings.BASE_DIR / folder).rglob("templates/**/*.html"):
            source = TEMPLATE_TAG.sub("", ICON.sub("", path.read_text(encoding="utf-8")))
            texts = SPOKEN.findall(source) + re.sub(r"<[^>]*>", "\n", source).split("\n")
            bare += [f"{path.name}: {text.strip()}" for text in texts if set(WORD.findall(text)) - SAME_EVERYWHERE]
    assert bare == []


def test_catalogues_compile(tmp_path, settings):
    for language in messages.LANGUAGES:
        folder = tmp_path / language / "LC_MESSAGES"
        folder.mkdir(parents=True)
        messages.catalogue(language).save(str(folder / "django.po"))
    settings.LOCALE_PATHS = [tmp_path]
    written = compile_translations()
    assert len(written) == len(messages.LANGUAGES)
    assert all(len(polib.mofile(str(path))) > 900 for path in written)
