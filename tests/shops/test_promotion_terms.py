"""`[promotions]` in shop.toml: off by default, read word by word, refused with a sentence that says how to mend it."""

import pytest

from shops.promotion_terms import PromotionTerms
from shops.shop import ShopError, load_shop

HEAD = """[shop]
name = "corner"
currency = "EUR"
time_zone = "Europe/Berlin"
first_day = 2024-01-01
"""


def declared(tmp_path, text: str) -> PromotionTerms:
    (tmp_path / "shop.toml").write_text(HEAD + text, encoding="utf-8")
    return load_shop(tmp_path).promotions


def test_a_shop_that_says_nothing_has_no_calendar(tmp_path) -> None:
    assert declared(tmp_path, "") == PromotionTerms()
    assert not PromotionTerms().enabled
    assert PromotionTerms().kinds == {"10 percent": 0.1, "20 percent": 0.2, "2 for 1": 0.5}


def test_every_word_is_read(tmp_path) -> None:
    text = """
[promotions]
enabled = true
weeks = 8
lead_weeks = 1
slots_per_week = 5
cool_down_weeks = 3
budget = 900.0
slot_cost = 2.5
taken_from_others_share = 0.2
conflicts = [["tea", "coffee"]]

[promotions.kinds]
"third off" = 0.33
"3 for 2" = 0.33

[promotions.take_up]
"3 for 2" = 0.5

[promotions.category_slots]
drinks = 2

[promotions.category_minimums]
drinks = 1
"""
    assert declared(tmp_path, text) == PromotionTerms(
        enabled=True,
        weeks=8,
        lead_weeks=1,
        slots_per_week=5,
        cool_down_weeks=3,
        budget=900.0,
        slot_cost=2.5,
        taken_from_others_share=0.2,
        kinds={"third off": 0.33, "3 for 2": 0.33},
        take_up={"3 for 2": 0.5},
        category_slots={"drinks": 2},
        category_minimums={"drinks": 1},
        conflicts=(("tea", "coffee"),),
    )


def test_take_up_of_own_kinds_is_whole_unless_said(tmp_path) -> None:
    assert declared(tmp_path, '[promotions.kinds]\n"third off" = 0.33\n').take_up == {}
    assert declared(tmp_path, '[promotions.kinds]\n"2 for 1" = 0.5\n').take_up == {"2 for 1": 0.6}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[promotions]\nenabled = 1", "enabled is 1; write true or false"),
        ("[promotions]\nweeks = 60", "weeks is 60; give a whole number from 1 to 52"),
        ("[promotions]\nconflicts = 3", "conflicts is 3; give a list"),
        ('[promotions]\nconflicts = [["tea"]]', r"list pairs of two products"),
        ('[promotions]\nconflicts = [["tea", "tea"]]', r"list pairs of two products"),
        ("[promotions.kinds]\nhalf = 1.5", "kinds.half is 1.5; give a number from 0 to 1"),
        ("[promotions.take_up]\nhalf = 0.5", "take_up.half is 0.5; name one of the kinds"),
        ("[promotions.category_slots]\ndrinks = 1.5", "category_slots.drinks is 1.5; give a whole number of 0 or more"),
        ("[promotions]\nslots = 3", "settings nobody knows"),
    ],
)
def test_what_means_nothing_is_refused(tmp_path, text: str, said: str) -> None:
    with pytest.raises(ShopError, match=said):
        declared(tmp_path, text)
