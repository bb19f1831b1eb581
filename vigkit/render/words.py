"""A person's own words as safe HTML: every word stays, nothing in them can run or load."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from mistune import Markdown

TAGS = {"p", "br", "em", "strong", "ul", "li"}

# Half letters, and control signs that no page may carry or that turn the order of what follows.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_LINE_ENDS = re.compile(r"\r\n?|[\x85\u2028\u2029]")
_TURNS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")


_PATH = re.compile(r"""(['"])[^'"]*[\\/][^'"]*\1|(?<![\w.])(?:[A-Za-z]:)?[\\/][^\s'"<>|:,;)]+""")


def clean(text: str) -> str:
    r"""The text without the signs that a page cannot show.

    >>> clean("we\x00 waited\r\nand \ud800 looked")
    'we waited\nand \ufffd looked'
    """
    text = _TURNS.sub("", _LINE_ENDS.sub("\n", text))
    return _UNSEEN.sub(lambda found: "\ufffd" if found[0] >= "\ud800" else "", text)


def html(text: str) -> str:
    """Paragraphs, lists, emphasis and the line breaks as typed; "" where there is no word.

    >>> html("# hello <b>you</b>") == "<p># hello &lt;b&gt;you&lt;/b&gt;</p>\\n"
    True
    """
    import nh3

    text = clean(text).strip("\n")
    if not text.strip():
        return ""
    # The second layer: whatever markdown lets through, these tags and no attribute are all that stays.
    return nh3.clean(str(_markdown()(text)), tags=TAGS, attributes={}, url_schemes=set(), link_rel=None)


@cache
def _markdown() -> Markdown:
    from mistune import BlockParser, HTMLRenderer, InlineParser, Markdown

    class Inline(InlineParser):
        def parse_emphasis(self, m: re.Match[str], state: Any) -> int:
            # 2*3*4 is no emphasis: signs between two letters belong to the word.
            around = state.src[m.start() - 1 : m.start()], state.src[m.end() : m.end() + 1]
            inside = all(each.isalnum() for each in around)
            self.process_text(m.group(0), state, parse_emphasis=not inside)
            return m.end()

    class Block(BlockParser):
        # No headings, quotes or code: those signs stay as they were typed, at the end of a list too.
        # Only dots and dashes make a list: lines that a person numbered keep their numbers.
        SPECIFICATION: ClassVar[dict[str, str]] = dict.fromkeys(BlockParser.SPECIFICATION, "(?!)") | {
            "list": r"^(?P<list_1> {0,3})(?P<list_2>[\*-])(?P<list_3>[ \t]+\S.*)$",
            "blank_line": BlockParser.SPECIFICATION["blank_line"],
        }

    rules = ["list", "blank_line"]
    inline, block = Inline(hard_wrap=True), Block(list_rules=rules)
    inline.rules, block.rules = ["emphasis", "linebreak"], rules
    return Markdown(renderer=HTMLRenderer(escape=True), block=block, inline=inline)


def reason(said: str) -> str:
    """The last line of what a program said, without any path of this machine.

    >>> reason("Traceback\\nFileNotFoundError: no file '/home/anna/words.txt' here")
    'FileNotFoundError: no file … here'
    """
    lines = [line.strip() for line in clean(said).splitlines() if line.strip()]
    last = _PATH.sub("…", lines[-1] if lines else "It stopped without a word.")
    return last if len(last) <= 200 else last[:199] + "…"
