"""The plan is numbers only: what is asked of it is checked by counting, not by the clock."""

from __future__ import annotations

import itertools

import pytest
from skimage import data

import zorki
from zorki import io
from zorki.guided import parts
from zorki.guided.guide import Guide
from zorki.guided.plan import Choice, chain, chosen, total

pytestmark = pytest.mark.unit
SOME = [
    Choice((10.0, 4.0, 1.0), (0, 1, 3)),
    Choice((7.0, 6.0, 2.0), (0, 2, 4)),
    Choice((1.0,), (0,), kept=True),
]
FAST, SLOW = 2.2e11, 5.5e10  # multiply-adds a second: two cores with bfloat16, one AVX2 core without


def coffee(**more: object) -> Guide:
    photo = io.open_photo(data.coffee())
    return Guide(zorki.load("eye"), photo, photo, **more)  # type: ignore[arg-type]


def choices(guide: Guide, **more: object) -> list[Choice]:
    return [parts.Part.of(n, m, guide, False).choice for n, m in parts.sections(guide.long, **more)]  # type: ignore[arg-type]


def test_the_chain_cuts_what_loses_least_and_of_these_what_saves_most() -> None:
    assert list(chain(SOME)) == [(0, 0, 0), (1, 0, 0), (1, 1, 0), (2, 1, 0), (2, 2, 0), (2, 3, 0), (3, 3, 0)]
    equal = [Choice((5.0, 4.0), (0, 1)), Choice((5.0, 1.0), (0, 1))]
    assert list(chain(equal))[1] == (0, 1)


def test_the_first_of_the_chain_that_fits_is_chosen_and_else_the_least() -> None:
    assert chosen(SOME, 18) == (0, 0, 0)
    assert chosen(SOME, 17.9) == (1, 0, 0)
    assert chosen(SOME, 12) == (1, 0, 0)
    assert chosen(SOME, 11.9) == (1, 1, 0)
    assert chosen(SOME, 0) == (3, 3, 0), "what is kept stays, however little time there is"
    assert chosen([], 0) == ()


@pytest.mark.parametrize("long", [False, True])
def test_a_speed_and_a_time_give_a_plan_that_keeps_to_them_and_more_time_never_shows_less(long: bool) -> None:
    some = choices(coffee(long=long))
    least = total(some, [one.last for one in some])
    before = None
    for seconds, speed in itertools.product(range(2, 400, 7), (SLOW,)):
        levels = chosen(some, seconds * speed)
        assert total(some, levels) / speed <= max(seconds, least / speed)
        assert before is None or all(a <= b for a, b in zip(levels, before, strict=True))
        before = levels
        # Nothing is cut in vain: of all that the chain shows before it, nothing would have fitted.
        shown = list(chain(some))
        assert all(total(some, one) > seconds * speed for one in shown[: shown.index(levels)])
    assert before == tuple(0 for _ in some) or long


def test_a_fast_machine_cuts_nothing_and_a_slow_one_fewer_channels_before_worse_drawings() -> None:
    guide = coffee()
    named = [n for n, _ in parts.sections(False)]
    some = choices(guide)
    assert set(chosen(some, 50 * FAST)) == {0}
    levels = dict(zip(named, chosen(some, 50 * FAST / 2), strict=True))
    assert {name for name, level in levels.items() if level} <= {"channels", "onto"}
    assert levels["channels"] > 0
    fully = {n: m for n, m in parts.sections(False) if hasattr(m, "PLANS")}
    worse = dict(zip(named, chosen(some, 50 * SLOW), strict=True))
    if any(fully[n].PLANS[min(worse[n], len(fully[n].PLANS) - 1)].loss > 2 for n in fully):
        assert all(fully[n].PLANS[min(worse[n] + 1, len(fully[n].PLANS) - 1)].loss > 2 for n in fully), "all fewer ones come first"
    assert all(level < len(fully[n].PLANS) for n, level in worse.items() if n in fully), "nothing is left out where worse ones do"


def test_a_long_tour_within_a_time_gives_up_what_is_long_before_the_sections_that_all_tours_have() -> None:
    guide = coffee(long=True)
    wanted, some = parts.sections(True), choices(guide)
    levels = chosen(some, total(choices(coffee()), [0] * len(parts.sections(False))))
    left_out = {n for (n, _), one, level in zip(wanted, some, levels, strict=True) if level == len(one.works)}
    assert left_out
    assert left_out <= {n for n, m in wanted if hasattr(m, "LONG")}
    assert all(one.loss(level) <= 1 for one, level in zip(some, levels, strict=True)), "nothing gets worse while these are there"


@pytest.mark.parametrize("long", [False, True])
def test_each_plan_of_a_section_is_less_work_than_the_one_before_and_loses_no_less(long: bool) -> None:
    for one in choices(coffee(long=long)):
        assert all(a > b > 0 for a, b in itertools.pairwise(one.works))
        assert list(one.losses) == sorted(one.losses)
        assert one.losses[0] == 0


def test_work_grows_with_the_photo_and_with_the_net() -> None:
    small = coffee()
    large = Guide(small.net, io.open_photo(data.coffee().repeat(2, 0).repeat(2, 1)), small.style)
    for name in ("dream", "maps"):
        module = dict(parts.sections(False))[name]
        ratio = parts.Part.of(name, module, large, False).work(0) / parts.Part.of(name, module, small, False).work(0)
        assert ratio == pytest.approx(4 if name == "maps" else 1, rel=0.1), "a dream is of 512 pixels, maps of all"


def test_sections_join_by_being_there() -> None:
    from zorki.core import shelf
    from zorki.core.errors import InputError

    short, all_ = {n for n, _ in parts.sections(False)}, set(shelf.names(parts.SECTIONS))
    assert {n for n, _ in parts.sections(True, photos=True)} == all_
    many = {n for n, _ in parts.sections(False, photos=True)} - short
    assert many == {"patches"}
    assert {n for n, _ in parts.sections(True)} == all_ - many
    assert [n for n, _ in parts.sections(False, ["dream", "names", "dream"])] == ["names", "dream"]
    with pytest.raises(InputError, match="with photos"):
        parts.sections(False, ["patches"])
    for _, module in parts.sections(True, photos=True):
        assert module.TITLE
        assert module.LEAD
