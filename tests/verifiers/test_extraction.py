"""Reading an answer out of a response: one test or more for each rule of `verifiers.md` §5."""

import time

import pytest

from assay.core.errors import OptionError
from assay.core.types import Limits
from assay.verifiers import MathVerifier
from assay.verifiers.characters import Refused, plain_math
from assay.verifiers.extraction import Extraction, answer_text

ANY, BOXED, MARKED = Extraction(), Extraction(mode="boxed"), Extraction(mode="marked")
JSON = Extraction(mode="json", key="answer")


def found(text: str, extraction: Extraction = ANY) -> tuple[str, str]:
    result = extraction.find(text)
    return result.status, result.text


@pytest.mark.parametrize(
    ("text", "status", "answer"),
    [
        # rule 1: reasoning
        ("<think>\\boxed{1}</think> \\boxed{2}", "found", "2"),
        ("<think>a</think>\n<think>\\boxed{1}</think>5", "found", "5"),
        ("<think>\\boxed{1}", "no_answer", ""),
        ("Hm <think>x</think> \\boxed{3}", "found", "3"),
        # rule 2: boxes
        ("\\boxed{1} no, wait: \\boxed{2}", "found", "2"),
        ("\\boxed {7}", "found", "7"),
        ("\\fbox{7}", "found", "7"),
        ("\\boxed{\\boxed{7}}", "found", "7"),
        ("\\boxed{\\frac{1}{2}}", "found", "\\frac{1}{2}"),
        ("\\boxed{\\{1,2\\}}", "found", "\\{1,2\\}"),
        ("\\boxed{1}, \\boxed{2} and \\boxed{3}.", "found", "1, 2, 3"),
        ("$\\boxed{1}$ and $\\boxed{2}$", "found", "1, 2"),
        ("\\boxed{5} \\boxed{5}", "found", "5"),
        ("\\boxed{1} then \\boxed{2", "unparsable", ""),
        ("\\boxed{1 and \\boxed{2}", "found", "2"),
        ("Either \\boxed{1} or \\boxed{2}", "ambiguous", "2"),
        ("\\boxed{1}. Maybe \\boxed{2}", "ambiguous", "2"),
        ("\\boxed{1}. Alternatively, \\boxed{2}", "ambiguous", "2"),
        ("It is not \\boxed{2}.", "ambiguous", "2"),
        ("\\boxed{2} is wrong.", "ambiguous", "2"),
        ("\\boxed{2} or 3", "ambiguous", "2"),
        ("\\boxed{2}? No.", "ambiguous", "2"),
        ("\\boxed{2} no, 3", "ambiguous", "2"),
        ("\\boxed{3} vs \\boxed{2}", "ambiguous", "2"),
        ("\\boxed{2} (or 3)", "ambiguous", "2"),
        ("\\boxed{2} (in all)", "found", "2"),
        ("\\boxed{2}, which may be checked.", "found", "2"),
        ("half of \\boxed{2}", "ambiguous", "2"),
        ("about \\boxed{2}", "found", "2"),
        ("-\\boxed{2}", "ambiguous", "2"),
        ("<b>\\boxed{2}</b>", "found", "2"),
        ("\\boxed{2}^\\circ", "found", "2"),
        ("\\boxed{2}^3", "ambiguous", "2"),
        ("\\boxed{2}. No other value fits.", "found", "2"),
        ("If 3 or 5 is drawn, the sum is \\boxed{8}.", "found", "8"),
        ("\\boxed{}", "no_answer", ""),
        ("\\\\boxed{4}", "found", "4"),
        # rule 3: markers
        ("#### 84", "found", "84"),
        ("#### 83\n#### 84", "found", "84"),
        ("<answer> 84 </answer>", "found", "84"),
        ("<answer>1</answer> <answer>2</answer>", "found", "2"),
        ("<answer>84", "unparsable", ""),
        ("Final answer: 84", "found", "84"),
        ("**Final Answer:** 84", "found", "84"),
        ("**Final Answer**\n\n84", "found", "84"),
        ("FINAL ANSWER: 84.", "found", "84"),
        ("Answer: **84**", "found", "84"),
        ("The answer is 84. Check: 7*12.", "found", "84"),
        ("The answer is 3.5 metres.", "found", "3.5 metres"),
        ("The answer is 84 (seven rows of twelve).", "found", "84"),
        ("the answer is $84$", "found", "$84$"),
        ("The answer is:\n\\[\n84\n\\]", "found", "\\[\n84\n\\]"),
        ("Final Answer: The final answer is $84$. I hope it is correct.", "found", "$84$"),
        ("The answer is 1. This final answer makes sense.", "found", "1"),
        ("The answer is not 84.", "ambiguous", "not 84"),
        ("The answer is 84 because 7*12=84", "found", "84"),
        ("The answer is 84, since it is so.", "found", "84"),
        ("The answer is 84 as well as 85", "found", "84 as well as 85"),
        ("The answer is therefore $84$.", "found", "$84$"),
        ("The answer is equal to 84", "found", "84"),
        ("**Final Answer:** She makes $18 every day.", "found", "$18"),
        ("Answer: The hall has **84** seats.", "found", "84"),
        ("Answer: 12 rows make 84 seats.", "found", "12 rows make 84 seats"),
        ("Answer: x = 84", "found", "x = 84"),
        ("Answer: There are less than 84.", "ambiguous", ""),
        ("Answer: There are 84 or more.", "ambiguous", ""),
        ("<answer>There are 84 seats.</answer>", "found", "84"),
        ("#### 84 (in dollars)", "found", "84"),
        ("#### 84 (or 85)", "ambiguous", "84"),
        ("<answer>84</answer> or <answer>85</answer>", "ambiguous", "85"),
        ("The answer is 85 or the answer is 84", "ambiguous", "84"),
        ("I do not think the answer is 84.", "ambiguous", "84"),
        ("Since x cannot be negative, the answer is 84.", "found", "84"),
        ("Maybe the answer is 84.", "ambiguous", "84"),
        ("The answer is 84 is wrong", "ambiguous", "84 is wrong"),
        ("Final answer:", "no_answer", ""),
        # rule 5: bare spans
        ("84", "found", "84"),
        ("```\n84\n```", "found", "84"),
        ("```text\n84\n```", "found", "84"),
        ("= 84", "found", "84"),
        ("= $18", "found", "$18"),
        ("It's 84!", "found", "84"),
        ("It has 5! orders", "found", "5!"),
        ("48 + 24 = **72**", "found", "48 + 24 = **72"),
        ("It has 84 seats (12 rows of 7).", "found", "84"),
        ("It takes 2 hours (120 minutes).", "found", "120"),
        ("One less than 85 is 84", "found", "84"),
        ("It adds up to 84", "found", "84"),
        ("It is up to 84", "ambiguous", "84"),
        ("It is one less than 84", "ambiguous", "84"),
        ("4 rows of 84", "ambiguous", "84"),
        ("So there are 84 rows", "found", "84"),
        ("It is $x^2$ here.", "found", "$x^2$"),
        ("First 12.\n\nThen 84.", "found", "84"),
        ("We have 17 * 24 = 408 apples", "found", "17 * 24 = 408"),
        ("It costs 1 234 units now", "found", "1 234 units"),
        ("It costs $84 for all", "found", "$84"),
        ("It is 8 mm long", "found", "8 mm"),
        ("It is 8 in total", "found", "8"),
        ("It is 8 in.", "found", "8 in"),
        ("It is 84 million", "found", "84 million"),
        ("There are 2 and 3", "found", "2 and 3"),
        ("It is not 84", "ambiguous", "84"),
        ("It is 83 or 84", "ambiguous", "84"),
        ("It is not\n84 then", "ambiguous", "84"),
        ("It could be 84", "ambiguous", "84"),
        ("", "no_answer", ""),
        ("  \n ", "no_answer", ""),
        # rule 6: precedence, wherever they stand
        ("\\boxed{1}\n#### 2", "found", "1"),
        ("The answer is 1. We used 2 rows.", "found", "1"),
        ("\\boxed{84}\n\nCheck: 7*12 = 84, P.S. 99", "found", "84"),
    ],
)
def test_rule(text: str, status: str, answer: str):
    result = ANY.find(text)
    assert result.status == status, result
    if answer:
        assert result.text == answer


def test_modes_know_the_ones_before_them():
    assert found("#### 3", BOXED)[0] == "no_answer"
    assert found("it is 3", MARKED)[0] == "no_answer"
    assert found("#### 3", MARKED) == ("found", "3")
    assert found("\\boxed{4} #### 3", MARKED) == ("found", "4")
    with pytest.raises(OptionError):
        Extraction(mode="last")  # pyright: ignore


@pytest.mark.parametrize(
    ("text", "status", "answer"),
    [
        ('{"answer": 84}', "found", "84"),
        ('{"answer": "84 cm", "why": "}"}', "found", "84 cm"),
        ('{"answer": 83}\n\nbetter:\n\n{"answer": 84.0}', "found", "84.0"),
        ('{"answer": 83} {"answer": 84}', "ambiguous", ""),
        ('{"answer": 84} {"answer": 84}', "found", "84"),
        ('{"answer": 84, "answer": 84}', "unparsable", ""),
        ('{"result": {"answer": 84}}', "found", "84"),
        ('{"answer": [1, 2]}', "found", "1, 2"),
        ('{"answer": true}', "unparsable", ""),
        ('{"answer": NaN}', "no_answer", ""),
        ('{"other": 84}', "no_answer", ""),
        ("84", "no_answer", ""),
        ('Take {x} and then ```json\n{"answer": 5}\n```', "found", "5"),
        ('{"answer": 5', "no_answer", ""),
        ('{"answer": ""}', "no_answer", ""),
    ],
)
def test_rule_4_json(text: str, status: str, answer: str):
    result = JSON.find(text)
    assert result.status == status, result
    if answer:
        assert result.text == answer


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("−7", "-7"),
        ("3²", "3^{2}"),
        ("10⁻¹⁵", "10^{-15}"),
        ("2½", r"2\frac{1}{2}"),
        ("5×6", r"5\times 6"),
        ("1\u202f234", "1 234"),
        ("π²", r"\pi ^{2}"),
    ],
)
def test_rule_7_characters_mean_what_the_table_says(text: str, plain: str):
    assert plain_math(text) == plain


@pytest.mark.parametrize(
    "text", ["8\u200b4", "\u202e48", "٤٣", "８４", "²", "84\u2066", "8\u00ad4", "①"]
)
def test_rule_7_refuses_what_cannot_be_seen_or_is_no_ascii_digit(text: str):
    with pytest.raises(Refused):
        plain_math(text)


def test_rule_7_looks_alike_stay_different():
    assert plain_math("\u0421") != "C"  # CYRILLIC CAPITAL LETTER ES
    assert plain_math("\uff21") != "A"  # FULLWIDTH LATIN CAPITAL LETTER A


def test_invisible_characters_near_an_answer_make_it_unreadable():
    assert ANY.find("\\boxed{8\u200b4}").status == "unparsable"
    assert ANY.find("It is no\u200bt the case: the answer is 84").status == "unparsable"
    assert ANY.find("Zero\u200bwidth before.\nThe answer is 84").status == "found"


def test_a_marked_sentence_may_stay_whole():
    whole = Extraction(mode="marked", sentences=True)
    assert found("Answer: She makes $18.", MARKED) == ("found", "$18")
    assert found("Answer: She makes $18.", whole) == ("found", "She makes $18")
    assert found("The answer is B because 7 is odd.", whole) == ("found", "B")


def test_spans_point_at_the_answer():
    for text in (
        "<think>x</think> so \\boxed{ 84 } it is",
        "hm\n#### 84",
        "It is 84 then",
        "The answer is **84**.",
        "<answer>\n84\n</answer>",
    ):
        result = ANY.find(text)
        assert text[result.start : result.end] == result.text == "84"


def test_answers_over_the_limit_are_not_cut_down_to_one():
    assert ANY.find("\\boxed{" + "1" * 4001 + "}").status == "over_limit"
    assert ANY.find("1" * 4001).status == "over_limit"
    assert ANY.find("#### " + "1" * 4001).status == "over_limit"
    assert BOXED.find("\\boxed{" + "1" * 4000 + "}").status == "found"
    many = ",".join(f"\\boxed{{{i}}}" for i in range(1001))
    assert BOXED.find(many).status == "over_limit"


def test_answer_text_takes_the_last_tag_else_all():
    assert answer_text(" <think>a</think> b ").text == "b"
    assert answer_text("x <answer>a</answer> <answer> b </answer> y").text == "b"
    assert answer_text("<answer>a").status == "unparsable"
    assert answer_text("<think>a").status == "no_answer"
    assert answer_text("a" * 5, Limits(answer_chars=4)).status == "over_limit"


MEGABYTE = 1_000_000
HOSTILE = [
    "\\boxed{",
    "{",
    "}",
    "\\boxed{}",
    "\\boxed{1}",
    "\\boxed{1},",
    "\\\\",
    "\\",
    "####",
    "#### 1\n",
    "<answer>",
    "<answer></answer>",
    "<think></think>",
    "final answer ",
    "final answer to ",
    "answer: ",
    "the answer is ",
    "$",
    "$ ",
    "$1",
    "\\(",
    "\n",
    "\n \n",
    " ",
    "(",
    "not ",
    "or ",
    "1 ",
    "1,",
    "7",
    "-",
    "a",
    "a. ",
    '{"answer":',
    '{"answer":[',
    '{"a":"',
    '"',
    '{"answer": 1}\n',
    "\\text{",
    "\u0301\u0323",
    "\u200b",
    "\\frac",
]


@pytest.mark.parametrize("unit", HOSTILE, ids=ascii)
@pytest.mark.parametrize("extraction", [ANY, JSON], ids=["any", "json"])
def test_a13_a_megabyte_of_anything_is_read_in_linear_time(unit: str, extraction: Extraction):
    text = (unit * (MEGABYTE // len(unit) + 1))[:MEGABYTE]
    start = time.process_time()
    result = extraction.find(text)
    assert time.process_time() - start < 2.0
    assert sum(map(len, result.texts)) <= 4_001


def test_a13_nested_boxes_are_bounded():
    text = "\\boxed{" * 60_000 + "}" * 60_000
    start = time.process_time()
    assert ANY.find(text).status == "over_limit"
    assert time.process_time() - start < 2.0


def test_a_line_above_a_box_denies_it_with_its_last_word_only():
    assert MathVerifier().verify("Two of them are not red\n\\boxed{84}", 84).passed
    assert MathVerifier().verify("Whether it is or not, I count\n\n\\boxed{84}", 84).passed
    for reply in ("It is not\n\\boxed{84}", "It is not the\\boxed{84}", "85 or\n\\boxed{84}"):
        assert MathVerifier().verify(reply, 84).status == "ambiguous", reply
